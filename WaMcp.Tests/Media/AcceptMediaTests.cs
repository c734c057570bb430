using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Media;

/// <summary>What becomes an object, as what, and what is refused with nothing left behind.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class AcceptMediaTests(SharedSystem shared)
{
    private const int Mega = 1024 * 1024;

    private readonly WaMcpSystem system = shared.System;

    public static TheoryData<string, string, byte[], string?, string?> WhatCanBeSent => new()
    {
        { "Image", "image/jpeg", FilesOf.Jpeg, null, null },
        { "Image", "image/png", FilesOf.Png, "image/jpeg", "cat.jpg" }, // the content decides
        { "Video", "video/mp4", FilesOf.Mp4, null, null },
        { "Video", "video/3gpp", FilesOf.ThreeGp, null, null },
        { "Audio", "audio/mp4", FilesOf.M4a, null, null },
        { "Audio", "audio/mp4", FilesOf.Mp4, "audio/mp4", null }, // a container that holds either
        { "Audio", "audio/amr", FilesOf.Amr, null, null },
        { "Audio", "audio/mpeg", FilesOf.Mp3, null, null },
        { "Audio", "audio/mpeg", FilesOf.Mp3WithoutTag, null, null },
        { "Audio", "audio/aac", FilesOf.Aac, null, null },
        { "Audio", "audio/ogg", FilesOf.Opus, "audio/ogg; codecs=opus", null },
        { "Document", "application/pdf", FilesOf.Pdf, null, null },
        { "Document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", FilesOf.Zip, null, "letter.docx" },
        { "Document", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", FilesOf.Zip, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", null },
        { "Document", "application/msword", FilesOf.Ole, null, "letter.doc" },
        { "Document", "text/plain", FilesOf.Text, null, null },
        { "Document", "text/plain", FilesOf.Text, "text/csv", "table.csv" }, // the provider knows no other texts
        { "Document", "image/png", FilesOf.Png, null, null },
        { "Sticker", "image/webp", FilesOf.Sticker(100 * 1024, moves: false), null, null },
        { "Sticker", "image/webp", FilesOf.Sticker(500 * 1024, moves: true), null, null },
    };

    public static TheoryData<string, byte[], string> WhatCannot => new()
    {
        { "Image", FilesOf.Pdf, "application/pdf by its content, which cannot be sent as image" },
        { "Image", FilesOf.Elf, "of no type that can be sent as image" },
        { "Image", FilesOf.Sticker(50, moves: false), "image/webp by its content" },
        { "Image", FilesOf.Padded(FilesOf.Png, (5 * Mega) + 1), "at most 5 MB" },
        { "Video", FilesOf.Png, "image/png by its content" },
        { "Audio", FilesOf.Vorbis, "of no type that can be sent as audio" },
        { "Audio", FilesOf.Mp4, "video/mp4 by its content" },
        { "Document", FilesOf.Elf, "of no type that can be sent as document" },
        { "Document", FilesOf.Zip, "of no type that can be sent as document" },
        { "Document", FilesOf.Ole, "of no type that can be sent as document" }, // which of three nobody says
        { "Sticker", FilesOf.Png, "image/png by its content" },
        { "Sticker", FilesOf.Sticker((100 * 1024) + 1, moves: false), "does not move has at most 100 KB" },
        { "Sticker", FilesOf.Sticker((500 * 1024) + 1, moves: true), "at most 500 KB" },
        { "Document", [], "the file is empty" },
    };

    [Theory]
    [MemberData(nameof(WhatCanBeSent), DisableDiscoveryEnumeration = true)] // or each byte would be written into the case's name
    [UnsupportedOSPlatform("windows")]
    public async Task AFileIsWhatItsContentSays(string kind, string type, byte[] content, string? said, string? name)
    {
        var client = (await system.Console.OnboardAsync()).Client.Id;

        var kept = await AcceptAsync(client, new MediaSource.Inline(Convert.ToBase64String(content)), Enum.Parse<MediaKind>(kind), said, name);

        (kept.MimeType, kept.Size, kept.FileName).ShouldBe((type, content.Length, name));
        var path = Files(client).ShouldHaveSingleItem();
        (await File.ReadAllBytesAsync(path)).ShouldBe(content);
        Path.GetFileName(path).ShouldBe(Convert.ToHexStringLower(SHA256.HashData(content)));
        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Theory]
    [MemberData(nameof(WhatCannot), DisableDiscoveryEnumeration = true)]
    public async Task WhatTheProviderWouldRefuseIsRefusedHereWithTheLimit(string kind, byte[] content, string words)
    {
        var client = (await system.Console.OnboardAsync()).Client.Id;

        var fault = await Should.ThrowAsync<Fault>(
            () => AcceptAsync(client, new MediaSource.Inline(Convert.ToBase64String(content)), Enum.Parse<MediaKind>(kind)));

        fault.PublicText.ShouldContain(words);
        await NothingIsLeftAsync(client);
    }

    [Fact]
    public async Task ACallCarriesNoMoreThanItMayAndNothingButBase64()
    {
        var client = (await system.Console.OnboardAsync()).Client.Id;
        var large = Convert.ToBase64String(FilesOf.Padded(FilesOf.Pdf, (5 * Mega) + 1));

        (await Should.ThrowAsync<Fault>(() => AcceptAsync(client, new MediaSource.Inline(large), MediaKind.Document)))
            .PublicText.ShouldBe("data: a call carries files of at most 5 MB.");
        (await Should.ThrowAsync<Fault>(() => AcceptAsync(client, new MediaSource.Inline("data:image/png;base64,AAAA"), MediaKind.Image)))
            .PublicText.ShouldContain("not base64");

        await NothingIsLeftAsync(client);
    }

    [Fact]
    public async Task TheSameContentTwiceIsOneObjectForEachClient()
    {
        var (a, b) = ((await system.Console.OnboardAsync()).Client.Id, (await system.Console.OnboardAsync()).Client.Id);
        var note = new MediaSource.Inline(Convert.ToBase64String(Encoding.UTF8.GetBytes($"note {Guid.NewGuid()}")));

        var all = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => AcceptAsync(a, note, MediaKind.Document)));
        var ofB = await AcceptAsync(b, note, MediaKind.Document);

        all.Select(kept => kept.Id).Distinct().ShouldHaveSingleItem().ShouldNotBe(ofB.Id);
        Files(a).ShouldHaveSingleItem();
        Files(b).ShouldHaveSingleItem();
        Files(a).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task WhatIsHereIsNamedByItsIdAndOnlyByItsClient()
    {
        var (a, b) = ((await system.Console.OnboardAsync()).Client.Id, (await system.Console.OnboardAsync()).Client.Id);
        var kept = await AcceptAsync(a, new MediaSource.Inline(Convert.ToBase64String(FilesOf.Png)), MediaKind.Image);

        (await AcceptAsync(a, new MediaSource.Kept(kept.Id), MediaKind.Image)).Id.ShouldBe(kept.Id);
        (await AcceptAsync(a, new MediaSource.Kept(kept.Id), MediaKind.Document)).Id.ShouldBe(kept.Id);
        (await Should.ThrowAsync<Fault>(() => AcceptAsync(a, new MediaSource.Kept(kept.Id), MediaKind.Video))).PublicText.ShouldContain("cannot be sent as video");
        (await Should.ThrowAsync<Fault>(() => AcceptAsync(b, new MediaSource.Kept(kept.Id), MediaKind.Image))).Code.ShouldBe(FaultCode.NotFound);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("a\r\nContent-Type: text/html")]
    public async Task ANameThatIsAPathOrMoreIsRefused(string name)
    {
        var client = (await system.Console.OnboardAsync()).Client.Id;

        (await Should.ThrowAsync<Fault>(() => AcceptAsync(client, new MediaSource.Inline("AAAA"), MediaKind.Document, null, name))).Field.ShouldBe("fileName");
    }

    [Fact]
    public async Task AFileOfAWebsiteIsJudgedByItsContentWhateverTheServerSays()
    {
        await using var server = await HostileServer.StartAsync(http =>
        {
            http.Response.ContentType = "image/png";
            return http.Response.Body.WriteAsync(http.Request.Path == "/cat.png" ? FilesOf.Png : FilesOf.Elf).AsTask();
        });
        var client = (await system.Console.OnboardAsync()).Client.Id;

        (await AcceptAsync(client, new MediaSource.Address(server.Url("/cat.png")), MediaKind.Image, fetch: server.Fetch())).MimeType.ShouldBe("image/png");
        var fault = await Should.ThrowAsync<Fault>(() => AcceptAsync(client, new MediaSource.Address(server.Url("/elf.png")), MediaKind.Image, fetch: server.Fetch()));

        fault.PublicText.ShouldBe("url: the file's content is of no type that can be sent as image.");
        Files(client).ShouldHaveSingleItem();
        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects WHERE client_id = $1", client.Value)).ShouldBe(1);
    }

    [Fact]
    public async Task AVoiceNoteIsOggWithOpusAndNothingElse()
    {
        var client = (await system.Console.OnboardAsync()).Client.Id;

        (await AcceptAsync(client, Data(FilesOf.Opus), MediaKind.Audio, voice: true)).MimeType.ShouldBe("audio/ogg");
        (await Should.ThrowAsync<Fault>(() => AcceptAsync(client, Data(FilesOf.Mp3), MediaKind.Audio, voice: true)))
            .PublicText.ShouldContain("cannot be sent as a voice note");
    }

    [Fact]
    public async Task AClientKeepsNoMoreThanItMay()
    {
        var client = (await system.Console.OnboardAsync()).Client.Id;
        var room = Options.Create(new MediaOptions { Folder = system.MediaFolder, MaxBytesPerClient = FilesOf.Png.Length + FilesOf.Jpeg.Length - 1 });
        var png = await AcceptAsync(client, Data(FilesOf.Png), MediaKind.Image, with: room);

        var fault = await Should.ThrowAsync<Fault>(() => AcceptAsync(client, Data(FilesOf.Jpeg), MediaKind.Image, with: room));

        fault.Code.ShouldBe(FaultCode.MediaQuota);
        (await AcceptAsync(client, Data(FilesOf.Png), MediaKind.Image, with: room)).Id.ShouldBe(png.Id, "what is here takes no more room");
        Files(client).ShouldHaveSingleItem();
        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects WHERE client_id = $1", client.Value)).ShouldBe(1);
    }

    [Fact]
    public async Task WhatBreaksOffBetweenRowAndFileLeavesARowThatIsTakenAway()
    {
        var client = (await system.Console.OnboardAsync()).Client.Id;

        await Should.ThrowAsync<IOException>(() => AcceptAsync(client, Data(FilesOf.Png), MediaKind.Image, with: new StoreThatDies(system)));

        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects WHERE client_id = $1 AND deleted_at IS NOT NULL", client.Value)).ShouldBe(1);
        (await AcceptAsync(client, Data(FilesOf.Png), MediaKind.Image)).DeletedAt.ShouldBeNull();
        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects WHERE client_id = $1 AND deleted_at IS NULL", client.Value)).ShouldBe(1);
        Files(client).ShouldHaveSingleItem();
    }

    private static MediaSource.Inline Data(byte[] content) => new(Convert.ToBase64String(content));

    private async Task<MediaObject> AcceptAsync(
        ClientId client, MediaSource source, MediaKind kind, string? said = null, string? name = null, FetchMedia? fetch = null, bool voice = false, object? with = null)
    {
        await using var scope = system.ServerApplication.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Set(client);
        var keep = with is null ? scope.ServiceProvider.GetRequiredService<KeepMedia>() : ActivatorUtilities.CreateInstance<KeepMedia>(scope.ServiceProvider, with);
        var accept = fetch is null
            ? ActivatorUtilities.CreateInstance<AcceptMedia>(scope.ServiceProvider, keep)
            : ActivatorUtilities.CreateInstance<AcceptMedia>(scope.ServiceProvider, keep, fetch);
        return await accept.ExecuteAsync(new MediaRequest(source, kind, said, name, voice), keep: true, CancellationToken.None);
    }

    private async Task NothingIsLeftAsync(ClientId client)
    {
        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects WHERE client_id = $1", client.Value)).ShouldBe(0);
        Files(client).ShouldBeEmpty();
    }

    private string[] Files(ClientId client) => Path.Combine(system.MediaFolder, client.ToString()) is var folder && Directory.Exists(folder)
        ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        : [];

    private sealed class StoreThatDies(WaMcpSystem system) : IMediaStore
    {
        public string StagingFolder => RunFolder.Create("staging");

        public async Task KeepAsync(ClientId client, StagedFile file, CancellationToken cancellationToken)
        {
            await system.ServerApplication.Services.GetRequiredService<IMediaStore>().KeepAsync(client, file, cancellationToken);
            throw new IOException("The end.");
        }

        public Task<Stream?> OpenAsync(ClientId client, string sha256, CancellationToken cancellationToken) => Task.FromResult<Stream?>(null);

        public Task DeleteAsync(ClientId client, string sha256, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
