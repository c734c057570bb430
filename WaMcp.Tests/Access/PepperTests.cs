using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Access;

public sealed class PepperTests
{
    private const string OtherPepper = TestSecrets.EncryptionKey;

    private readonly KeyToken token = KeyToken.Generate("live");

    [Fact]
    public void AHashIsTheHmacOfTheWholeTokenUnderThePepper() => Read(TestSecrets.Pepper).Hash(token).Hash
        .ShouldBe(HMACSHA256.HashData(Convert.FromBase64String(TestSecrets.Pepper), Encoding.ASCII.GetBytes(token.Text)));

    [Fact]
    public void AHashMatchesItsOwnTokenAndNoOther()
    {
        var pepper = Read(TestSecrets.Pepper);
        var (hash, _) = pepper.Hash(token);

        pepper.Verify(token, hash, pepper.CurrentId).ShouldBeTrue();
        pepper.Verify(KeyToken.Generate("live"), hash, pepper.CurrentId).ShouldBeFalse();
        for (var at = 0; at < hash.Length; at++)
        {
            byte[] other = [.. hash];
            other[at] ^= 1;
            pepper.Verify(token, other, pepper.CurrentId).ShouldBeFalse($"differs in byte {at}");
        }

        pepper.Verify(token, hash.AsSpan(1), pepper.CurrentId).ShouldBeFalse();
        pepper.Verify(token, [], pepper.CurrentId).ShouldBeFalse();
    }

    [Fact]
    public void APepperMismatchFails()
    {
        var (pepper, other) = (Read(TestSecrets.Pepper), Read(OtherPepper));
        var (hash, _) = pepper.Hash(token);

        other.Verify(token, hash, other.CurrentId).ShouldBeFalse();
        other.Verify(token, hash, pepper.CurrentId).ShouldBeFalse();
        pepper.Verify(token, hash, other.CurrentId).ShouldBeFalse();
        pepper.Verify(token, hash, "").ShouldBeFalse();
    }

    [Fact]
    public void ThePreviousPepperIsAcceptedWhileItIsThere()
    {
        var old = Read(TestSecrets.Pepper);

        Read(OtherPepper, previous: TestSecrets.Pepper).Verify(token, old.Hash(token).Hash, old.CurrentId).ShouldBeTrue();
        Read(OtherPepper).Verify(token, old.Hash(token).Hash, old.CurrentId).ShouldBeFalse();
    }

    [Fact]
    public void ANewPepperIsFoundWhenAKeyNamesIt()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("api_key_pepper", TestSecrets.Pepper)]).Build();
        var pepper = Pepper.Read(settings);
        var (hash, id) = Read(OtherPepper).Hash(token);
        pepper.Verify(token, hash, pepper.CurrentId).ShouldBeFalse();

        settings["api_key_pepper.next"] = OtherPepper;
        pepper.Verify(token, hash, id).ShouldBeTrue();
    }

    [Fact]
    public void AFileThatIsJustBeingWrittenChangesNothing()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("api_key_pepper", TestSecrets.Pepper)]).Build();
        var pepper = Pepper.Read(settings);
        var (hash, id) = pepper.Hash(token);

        settings["api_key_pepper"] = TestSecrets.Pepper[..10];
        pepper.Reload();
        pepper.Verify(token, hash, id).ShouldBeTrue();
    }

    [Fact]
    public void HashesAreComparedInConstantTimeOnly()
    {
        // A clock cannot show this on a busy machine; the source can.
        var sources = Directory.GetFiles(Path.Combine(Repository.Root, "WaMcp.Domain", "Access"), "*.cs")
            .Concat(Directory.GetFiles(Path.Combine(Repository.Root, "WaMcp.Server", "Auth"), "*.cs"))
            .ToDictionary(file => Path.GetFileName(file)!, File.ReadAllText);

        sources["Pepper.cs"].ShouldContain("CryptographicOperations.FixedTimeEquals(");
        sources.Where(source => source.Value.Contains("SequenceEqual(", StringComparison.Ordinal)).Select(source => source.Key).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("c2hvcnQ=")]
    [InlineData("not base64 at all, and it must not be shown")]
    public void WithoutAProperPepperNothingStartsAndTheMessageNamesTheSettingOnly(string? text)
    {
        var fault = Should.Throw<Fault>(() => Read(text));
        fault.Code.ShouldBe(FaultCode.Misconfigured);
        fault.PublicText.ShouldContain("api_key_pepper");
        fault.ToString().ShouldNotContain("must not be shown");
    }

    private static Pepper Read(string? current, string? previous = null) => Pepper.Read(
        new ConfigurationBuilder().AddInMemoryCollection([new("api_key_pepper", current), new("api_key_pepper.previous", previous)]).Build());
}
