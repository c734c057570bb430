using WaMcp.Domain.Access;

namespace WaMcp.Tests.Access;

public sealed class KeyTokenTests
{
    private const string Live = "wamcp_live_aaaabbbbccccddddeeeeffffgggg222233334444";

    [Theory]
    [InlineData("live")]
    [InlineData("test")]
    public void ATokenHasItsDocumentedShapeAnd140BitsOfSecret(string environment)
    {
        KeyToken.Generate(environment).Text.ShouldMatch($"^wamcp_{environment}_[a-z2-7]{{12}}[a-z2-7]{{28}}$"); // 28 x 5 bits
        Enumerable.Range(0, 100).Select(_ => KeyToken.Generate(environment).Text).Distinct().Count().ShouldBe(100);
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("bearer")]
    [InlineData("BEARER")]
    public void AWamcpLiveTokenInABearerHeaderIsAccepted(string scheme)
    {
        KeyToken.TryParseBearer($"{scheme} {Live}", out var token).ShouldBeTrue();
        (token!.Environment, token.Prefix, token.Text).ShouldBe(("live", "aaaabbbbcccc", Live));
    }

    [Fact]
    public void AGeneratedTokenIsReadBack()
    {
        var token = KeyToken.Generate("test");
        KeyToken.TryParse(token.Text, out var read).ShouldBeTrue();
        (read!.Prefix, read.Environment, read.Text).ShouldBe((token.Prefix, "test", token.Text));
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Digest")]
    [InlineData("Token")]
    [InlineData("Bearer:")]
    [InlineData("Bearerx")]
    public void AnotherSchemeIsRefused(string scheme) => KeyToken.TryParseBearer($"{scheme} {Live}", out _).ShouldBeFalse();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData(Live)]
    [InlineData($" {Live}")]
    [InlineData($"Bearer{Live}")]
    public void AMissingSchemeAndAMissingTokenAreRefused(string? header) => KeyToken.TryParseBearer(header, out _).ShouldBeFalse();

    [Theory]
    [InlineData("live_aaaabbbbccccddddeeeeffffgggg222233334444")]
    [InlineData("Wamcp_live_aaaabbbbccccddddeeeeffffgggg222233334444")]
    [InlineData("wamcp_LIVE_aaaabbbbccccddddeeeeffffgggg222233334444")]
    [InlineData("wamcp_prod_aaaabbbbccccddddeeeeffffgggg222233334444")]
    [InlineData("wamcp__aaaabbbbccccddddeeeeffffgggg222233334444")]
    [InlineData("wamcp_live-aaaabbbbccccddddeeeeffffgggg222233334444")]
    [InlineData("wamcp_live_aaaabbbbccccddddeeeeffffgggg22223333444")]
    [InlineData("wamcp_live_aaaabbbbccccddddeeeeffffgggg2222333344445")]
    [InlineData("wamcp_live_aaaabbbbccccddddeeeeffffgggg222233334441")]
    [InlineData("wamcp_live_aaaabbbbccccddddeeeeffffgggg22223333444A")]
    [InlineData("wamcp_live_aaaabbbbccccddddeeeeffffgggg22223333444=")]
    [InlineData("wamcp_live_aaaabbbbccccddddeeeeffffgggg2222333\t4444")]
    [InlineData("wamcp_live_aaaabbbbccccddddeeeeffffgggg222233334444,")]
    [InlineData("wamcp_live_aaaabbbbccccddddeeeeffffgggg22223333444４")]
    [InlineData("wamcp_live_test_aaaabbbbccccddddeeeeffffgggg222233334444")]
    public void AMalformedTokenIsRefused(string token)
    {
        KeyToken.TryParse(token, out _).ShouldBeFalse();
        KeyToken.TryParseBearer($"Bearer {token}", out _).ShouldBeFalse();
    }
}
