using System.Runtime.Versioning;
using System.Security.Cryptography;
using Amazon.S3;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Data;
using WaMcp.Domain.Media;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Media;

/// <summary>Both stores keep, give back and delete; whatever else happens.</summary>
public sealed class MediaStoreTests
{
    private static readonly byte[] Content = RandomNumberGenerator.GetBytes(200_000);

    /// <summary>The published example (GET Object): if this one is wrong, so is everything below.</summary>
    [Fact]
    public void TheCheckOfSignaturesIsTheOneThatAmazonPublished()
    {
        var headers = new Dictionary<string, string>
        {
            ["host"] = "examplebucket.s3.amazonaws.com",
            ["range"] = "bytes=0-9",
            ["x-amz-content-sha256"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ["x-amz-date"] = "20130524T000000Z",
        };

        SignedStore.Sign(
            "GET", "/test.txt", "", "host;range;x-amz-content-sha256;x-amz-date", name => headers[name], headers["x-amz-content-sha256"],
            "20130524T000000Z", "20130524/us-east-1/s3/aws4_request", SignedStore.SecretKey)
            .ShouldBe("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatIsKeptIsThereUntilItIsDeletedAndOnlyForItsClient(bool s3)
    {
        await using var server = await SignedStore.StartAsync();
        using var store = Open(s3 ? server : null);
        var (client, other) = (TypedId.New<ClientId>(), TypedId.New<ClientId>());
        var sha256 = await KeepAsync(store.Media, client);
        (await KeepAsync(store.Media, client)).ShouldBe(sha256); // the same again

        sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Content)));
        await using (var stream = await store.Media.OpenAsync(client, sha256, default))
        {
            using var read = new MemoryStream();
            await stream!.CopyToAsync(read);
            read.ToArray().ShouldBe(Content);
        }

        (await store.Media.OpenAsync(other, sha256, default)).ShouldBeNull();
        await store.Media.DeleteAsync(other, sha256, default); // no error, and nothing of the other's
        await store.Media.DeleteAsync(client, sha256, default);
        (await store.Media.OpenAsync(client, sha256, default)).ShouldBeNull();
        await store.Media.DeleteAsync(client, sha256, default);
        server.Refused.ShouldBeEmpty();
        server.Objects.ShouldBeEmpty();
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task FoldersAndFilesAreTheirOwnersAlone()
    {
        using var store = Open(null);
        var client = TypedId.New<ClientId>();

        var sha256 = await KeepAsync(store.Media, client);

        var path = Path.Combine(store.Folder, client.ToString(), sha256[..2], sha256);
        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(path)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task AWrongSecretIsRefusedAndNothingIsKept()
    {
        await using var server = await SignedStore.StartAsync();
        using var store = Open(server, secret: "wrong");

        await Should.ThrowAsync<AmazonS3Exception>(() => KeepAsync(store.Media, TypedId.New<ClientId>()));

        server.Refused.ShouldContain("another signature");
        server.Objects.ShouldBeEmpty();
    }

    [Fact]
    public async Task AStoreWithoutItsSecretsSaysWhichIsMissing()
    {
        await using var server = await SignedStore.StartAsync();

        Should.Throw<Fault>(() => Open(server, secret: "")).PublicText.ShouldContain("media_s3_secret_key");
    }

    [Theory]
    [InlineData(1000, true)]
    [InlineData(999, false)]
    public async Task AFileIsStagedUpToItsLimitAndNotAByteMore(int limit, bool fits)
    {
        var folder = RunFolder.Create("staging");

        var file = await StagedFile.WriteAsync(folder, new MemoryStream(Content[..1000]), limit, default);

        (file is not null).ShouldBe(fits);
        Directory.GetFiles(folder).Length.ShouldBe(fits ? 1 : 0);
    }

    private static async Task<string> KeepAsync(IMediaStore store, ClientId client)
    {
        await using var file = (await StagedFile.WriteAsync(store.StagingFolder, new MemoryStream(Content), Content.Length, default))!;
        await store.KeepAsync(client, file, default);
        return file.Sha256;
    }

    private static Opened Open(SignedStore? s3, string secret = SignedStore.SecretKey)
    {
        var options = new MediaOptions { Folder = RunFolder.Create("media") };
        (options.S3.Endpoint, options.S3.Bucket) = (s3?.Address, s3 is null ? null : "files");
        var secrets = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["media_s3_access_key"] = SignedStore.AccessKey,
            ["media_s3_secret_key"] = secret,
        }).Build();
        return new(s3 is null ? new DiskMediaStore(Options.Create(options)) : new S3MediaStore(Options.Create(options), secrets), options.Folder);
    }

    private sealed record Opened(IMediaStore Media, string Folder) : IDisposable
    {
        public void Dispose() => (Media as IDisposable)?.Dispose();
    }
}
