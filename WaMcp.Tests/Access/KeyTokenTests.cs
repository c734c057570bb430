using Microsoft.Extensions.Configuration;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Access;

public sealed class KeyTokenTests
{
    [Fact]
    public void ATokenHasItsDocumentedShape() => KeyToken.Generate("live").Text.ShouldMatch("^wamcp_live_[a-z2-7]{12}[a-z2-7]{28}$");

    [Fact]
    public void AGeneratedTokenIsParsedFromItsBearerHeader()
    {
        var token = KeyToken.Generate("test");
        KeyToken.TryParseBearer($"Bearer {token.Text}", out var read).ShouldBeTrue();
        (read!.Prefix, read.Environment).ShouldBe((token.Prefix, "test"));
    }

    [Fact]
    public void AMissingSchemeAndAnotherSchemeAreRefused()
    {
        var token = KeyToken.Generate("live").Text;
        KeyToken.TryParseBearer(token, out _).ShouldBeFalse();
        KeyToken.TryParseBearer($"Basic {token}", out _).ShouldBeFalse();
        KeyToken.TryParseBearer(null, out _).ShouldBeFalse();
    }

    [Fact]
    public void AHashMatchesItsOwnTokenUnderItsOwnPepperOnly()
    {
        var (pepper, other) = (Pepper(TestSecrets.Pepper), Pepper(TestSecrets.EncryptionKey));
        var (token, stranger) = (KeyToken.Generate("live"), KeyToken.Generate("live"));
        var (hash, id) = pepper.Hash(token);

        id.ShouldBe(pepper.CurrentId);
        pepper.Verify(token, hash, id).ShouldBeTrue();
        pepper.Verify(stranger, hash, pepper.CurrentId).ShouldBeFalse();
        pepper.Verify(token, hash, other.CurrentId).ShouldBeFalse();
        other.Verify(token, hash, other.CurrentId).ShouldBeFalse();
        pepper.Verify(token, hash.AsSpan(1), pepper.CurrentId).ShouldBeFalse();
    }

    [Fact]
    public void ThePreviousPepperIsAcceptedWhileItIsThere()
    {
        var old = Pepper(TestSecrets.Pepper);
        var token = KeyToken.Generate("live");
        var rotated = Pepper(TestSecrets.EncryptionKey, previous: TestSecrets.Pepper);
        var (hash, id) = old.Hash(token);
        rotated.Verify(token, hash, id).ShouldBeTrue();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("c2hvcnQ=")]
    [InlineData("not base64 at all, and it must not be shown")]
    public void WithoutAProperPepperNothingStartsAndTheMessageNamesTheSettingOnly(string? text)
    {
        var fault = Should.Throw<Fault>(() => Pepper(text));
        fault.Code.ShouldBe(FaultCode.Misconfigured);
        fault.PublicText.ShouldContain("api_key_pepper");
        fault.ToString().ShouldNotContain("must not be shown");
    }

    private static Pepper Pepper(string? current, string? previous = null) => WaMcp.Domain.Access.Pepper.Read(
        new ConfigurationBuilder().AddInMemoryCollection([new("api_key_pepper", current), new("api_key_pepper.previous", previous)]).Build());
}
