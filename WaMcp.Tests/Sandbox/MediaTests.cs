using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using WaMcp.Sandbox.Control;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Sandbox;

public sealed class MediaTests : IAsyncLifetime
{
    private static readonly byte[] Picture = RandomNumberGenerator.GetBytes(20_000);
    private readonly ShiftedClock clock = new();
    private readonly SandboxHost sandbox;

    public MediaTests() => sandbox = new SandboxHost { Clock = clock };

    public Task InitializeAsync() => sandbox.InitializeAsync();

    public Task DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task ComesBackAsItWent()
    {
        var id = await UploadedAsync("image/png", Picture);
        var shown = (await sandbox.GetAsync($"/v25.0/{id}?phone_number_id={SandboxHost.Support}")).Json;

        shown.GetProperty("mime_type").GetString().ShouldBe("image/png");
        shown.GetProperty("file_size").GetString().ShouldBe("20000");
        shown.GetProperty("sha256").GetString().ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Picture)));
        using var download = await sandbox.Http.GetAsync(shown.GetProperty("url").GetString());
        download.Content.Headers.ContentType!.MediaType.ShouldBe("image/png");
        (await download.Content.ReadAsByteArrayAsync()).ShouldBe(Picture);
    }

    [Fact]
    public async Task TheAddressNeedsTheTokenAndLivesFiveMinutes()
    {
        var id = await UploadedAsync("image/png", Picture);
        var url = (await sandbox.GetAsync($"/v25.0/{id}")).Json.GetProperty("url").GetString()!;
        using var stranger = sandbox.NewClient(null);

        (await stranger.GetAsync(url)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await sandbox.Http.GetAsync(url.Replace("hash=", "hash=0", StringComparison.Ordinal))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        clock.Advance(TimeSpan.FromMinutes(4));
        (await sandbox.Http.GetAsync(url)).StatusCode.ShouldBe(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromMinutes(2));
        (await sandbox.Http.GetAsync(url)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        clock.Advance(TimeSpan.FromDays(31));
        (await sandbox.GetAsync($"/v25.0/{id}")).Code.ShouldBe(100);
    }

    [Fact]
    public async Task CanBeSentAsWhatItIsAndAsADocument()
    {
        var id = await UploadedAsync("image/png", Picture);

        (await sandbox.SendAsync("image", new { id })).Status.ShouldBe(HttpStatusCode.OK);
        (await sandbox.SendAsync("document", new { id, filename = "picture.png" })).Status.ShouldBe(HttpStatusCode.OK);
        (await sandbox.SendAsync("audio", new { id })).Code.ShouldBe(131053);
        (await sandbox.ChatAsync())[0].Media!.Url.ShouldBe($"/phone/media/{id}");
        using var fromOther = await sandbox.Http.GetAsync($"/phone/media/{id}");
        (await fromOther.Content.ReadAsByteArrayAsync()).ShouldBe(Picture);
    }

    [Theory]
    [InlineData("application/x-msdownload", 10, 100)]
    [InlineData("image/png", 5 * 1024 * 1024 + 1, 131053)]
    [InlineData("image/webp", 500 * 1024 + 1, 131053)]
    [InlineData("image/png", 0, 131053)]
    public async Task RefusesWhatMetaDoesNotTake(string mimeType, int bytes, int code) =>
        (await UploadAsync(mimeType, new byte[bytes])).Code.ShouldBe(code);

    [Fact]
    public async Task DeletedIsGone()
    {
        var id = await UploadedAsync("image/png", Picture);
        (await sandbox.DeleteAsync($"/v25.0/{id}?phone_number_id={SandboxHost.Sales}")).Code.ShouldBe(100);
        (await sandbox.DeleteAsync($"/v25.0/{id}")).Json.GetProperty("success").GetBoolean().ShouldBeTrue();
        (await sandbox.GetAsync($"/v25.0/{id}")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await sandbox.SendAsync("image", new { id })).Code.ShouldBe(131009);
    }

    [Fact]
    public async Task WhatACustomerSendsCanBeFetched()
    {
        var message = await sandbox.Receiver.MessageAsync(await sandbox.InboundAsync(new InboundOrder { Type = "image", Text = "Look" }));
        var image = message.GetProperty("image");
        var url = (await sandbox.GetAsync($"/v25.0/{image.GetProperty("id").GetString()}")).Json.GetProperty("url").GetString();
        var content = await sandbox.Http.GetByteArrayAsync(url);

        image.GetProperty("caption").GetString().ShouldBe("Look");
        image.GetProperty("sha256").GetString().ShouldBe(Convert.ToBase64String(SHA256.HashData(content)));
    }

    [Fact]
    public async Task TheJournalDescribesAnUploadInsteadOfKeepingIt()
    {
        await UploadedAsync("image/png", Picture);
        var request = (await sandbox.RequestsAsync("?path=/media")).Single();
        request.Body!.Value.GetProperty("bytes").GetInt32().ShouldBe(20_000);
        request.PhoneNumberId.ShouldBe(SandboxHost.Support);
    }

    private async Task<string> UploadedAsync(string mimeType, byte[] content)
    {
        var answer = await UploadAsync(mimeType, content);
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Json.ToString());
        return answer.Json.GetProperty("id").GetString()!;
    }

    private async Task<SandboxAnswer> UploadAsync(string mimeType, byte[] content)
    {
        using var file = new ByteArrayContent(content);
        file.Headers.ContentType = new MediaTypeHeaderValue(mimeType);
        using var form = new MultipartFormDataContent { { new StringContent("whatsapp"), "messaging_product" }, { new StringContent(mimeType), "type" }, { file, "file", "file.bin" } };
        return await SandboxHost.ReadAsync(await sandbox.Http.PostAsync($"/v25.0/{SandboxHost.Support}/media", form));
    }
}
