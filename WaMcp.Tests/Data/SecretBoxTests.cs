using Microsoft.Extensions.Configuration;
using WaMcp.Domain;
using WaMcp.Domain.Data;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Data;

public sealed class SecretBoxTests
{
    private readonly SecretBox box = Box(TestSecrets.EncryptionKey);

    [Fact]
    public void WhatWasSealedIsOpened() => box.Open(box.Seal("a token — ü", "here"), "here").ShouldBe("a token — ü");

    [Fact]
    public void SealingTwiceGivesTwoTexts() => box.Seal("same", "here").ShouldNotBe(box.Seal("same", "here"));

    [Fact]
    public void AnyFlippedByteAnotherPlaceAndAnotherKeyAreRefused()
    {
        var value = box.Seal("token", "here");
        for (var i = 0; i < value.Length; i++)
        {
            var altered = value.ToArray();
            altered[i] ^= 1;
            Should.Throw<Fault>(() => box.Open(altered, "here"));
        }

        Should.Throw<Fault>(() => box.Open(value, "there"));
        Should.Throw<Fault>(() => Box(TestSecrets.Pepper).Open(value, "here"));
        Should.Throw<Fault>(() => box.Open([], "here"));
    }

    [Fact]
    public void WithoutAKeyTheMessageNamesTheSetting() =>
        Should.Throw<Fault>(() => Box(null).Seal("token", "here")).PublicText.ShouldContain("encryption_key");

    private static SecretBox Box(string? key) =>
        new(new ConfigurationBuilder().AddInMemoryCollection([new("encryption_key", key)]).Build());
}
