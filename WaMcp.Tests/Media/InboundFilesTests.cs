using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Domain.Duties;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Media;

/// <summary>Files that people send: from the webhook to the agent, and what becomes of those that cannot be had.</summary>
public sealed class InboundFilesTests : IAsyncLifetime
{
    private const string Person = "15550100100";
    private const string Downloads = "/whatsapp_business/attachments";

    private readonly ShiftedClock clock = new();
    private WaMcpSystem system = null!;
    private WebhookDriver webhooks = null!;
    private TestClient client = null!;
    private McpDriver mcp = null!;

    public static TheoryData<string, string> WhatCannotBeHad => new()
    {
        { """{"sha256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}""", "wrong_checksum" },
        { """{"toldBytes":6000000}""", "too_large" },
        { """{"bytes":6000000,"toldBytes":100}""", "too_large" }, // whatever it says, no more than that is read
        { """{"data":"JVBERi0xLjcKJQEKMSAwIG9iag=="}""", "wrong_type" }, // a PDF that says it is a picture
        { """{"bytes":2000000}""", "quota_full" },
    };

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartWithClockAsync(clock, settings: [("Media:MaxBytesPerClient", "1000000")]);
        webhooks = new WebhookDriver(system);
        client = await system.Console.OnboardAsync(rpm: 100_000);
        mcp = system.Mcp(client.Token);
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Theory]
    [InlineData("image", "image/png")]
    [InlineData("video", "video/mp4")]
    [InlineData("audio", "audio/ogg")]
    [InlineData("document", "application/pdf")]
    [InlineData("sticker", "image/webp")]
    public async Task AFileOfEveryKindIsHereUnderAnIdOfOurs(string type, string mimeType)
    {
        var wamid = await system.Sandbox.SendFileAsync(type);

        var message = await EndsAsync(client, wamid, "stored");

        var mediaId = message.GetProperty("mediaIds")[0].GetString();
        var file = await mcp.ResultAsync("get_media", new { mediaId });
        file.GetProperty("mimeType").GetString().ShouldBe(mimeType);
        file.GetProperty("sentBy").GetString().ShouldBe("contact");
        file.GetProperty("untrusted").GetBoolean().ShouldBeTrue();
        file.GetProperty("origin").GetProperty("contact").GetString().ShouldBe(message.GetProperty("contact").GetProperty("id").GetString());
        file.GetProperty("messageId").GetString().ShouldBe(message.GetProperty("id").GetString());
        (file.TryGetProperty("fileName", out var name) ? name.GetString() : null).ShouldBe(type == "document" ? "receipt.pdf" : null);
        var content = await File.ReadAllBytesAsync(Files().ShouldHaveSingleItem());
        content.LongLength.ShouldBe(file.GetProperty("size").GetInt64());
        var read = (await mcp.ReadAsync($"wamcp://media/{mediaId}")).Message.GetProperty("result").GetProperty("contents")[0];
        read.GetProperty("blob").GetBytesFromBase64().ShouldBe(content);
        read.GetProperty("_meta").GetProperty("untrusted").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task ItCanBeSentOnByItsId()
    {
        var message = await EndsAsync(client, await system.Sandbox.SendFileAsync("image"), "stored");

        var sent = await mcp.ResultAsync("send_media", new { channel = client.Channel.Name, to = Person, type = "image", mediaId = message.GetProperty("mediaIds")[0].GetString() });

        await MessageTests.StateAsync(mcp, sent.GetProperty("messageId").GetString()!, "read");
    }

    [Fact]
    public async Task ADocumentOfATypeThatNobodyKnowsIsKeptAllTheSame()
    {
        var wamid = await system.Sandbox.SendFileAsync("document", new { data = Convert.ToBase64String(FilesOf.Elf), mimeType = "application/x-thing", fileName = "thing.bin" });

        var message = await EndsAsync(client, wamid, "stored");

        var file = await mcp.ResultAsync("get_media", new { mediaId = message.GetProperty("mediaIds")[0].GetString() });
        file.GetProperty("mimeType").GetString().ShouldBe("application/octet-stream");
        file.GetProperty("fileName").GetString().ShouldBe("thing.bin");
    }

    [Fact]
    public async Task EachClientOnANumberGetsACopyOfItsOwn()
    {
        var other = await system.Console.OnboardAsync(rpm: 100_000);
        var wamid = await system.Sandbox.SendFileAsync("image");

        var (mine, theirs) = (await EndsAsync(client, wamid, "stored"), await EndsAsync(other, wamid, "stored"));

        var foreign = theirs.GetProperty("mediaIds")[0].GetString()!;
        foreign.ShouldNotBe(mine.GetProperty("mediaIds")[0].GetString());
        (await mcp.CallAsync("get_media", new { mediaId = foreign })).Reason.ShouldBe("not_found");
        (await mcp.ReadAsync($"wamcp://media/{foreign}")).Reason.ShouldBe("not_found");
        Files().Length.ShouldBe(2);
        (await RequestsAsync(Downloads)).ShouldBe(2);
    }

    [Theory]
    [MemberData(nameof(WhatCannotBeHad))]
    public async Task WhatCannotBeHadIsSaidAndLeavesNothing(string file, string reason)
    {
        var type = reason == "quota_full" ? "document" : "image";
        var wamid = await system.Sandbox.SendFileAsync(type, JsonNode.Parse(file));

        var message = await EndsAsync(client, wamid, "failed");

        message.GetProperty("content").GetProperty("file").GetProperty("reason").GetString().ShouldBe(reason);
        message.GetProperty("content").GetProperty("file").GetProperty("explanation").GetString().ShouldNotBeEmpty();
        message.TryGetProperty("mediaIds", out _).ShouldBeFalse();
        Files().ShouldBeEmpty();
        (await system.QueryAsync<long>("SELECT (SELECT count(*) FROM media_objects) + (SELECT count(*) FROM jobs)")).ShouldBe(0);
    }

    [Fact]
    public async Task WhatTheProviderNoLongerHasIsGoneAndAReplayAsksAgain()
    {
        var lost = WebhookDriver.Message("""{"type":"image","image":{"mime_type":"image/png","sha256":"x","id":"424242"}}""", Person);
        await webhooks.WriteAsync(lost);
        var message = await EndsAsync(client, lost["id"]!.GetValue<string>(), "failed");
        message.GetProperty("content").GetProperty("file").GetProperty("reason").GetString().ShouldBe("gone");

        await webhooks.WriteAsync(lost); // as an operator's replay would

        await Eventually.TrueAsync("it is asked for again", async () => await RequestsAsync("/424242") == 2);
        await EndsAsync(client, lost["id"]!.GetValue<string>(), "failed");
    }

    [Fact]
    public async Task AnAddressThatRanOutIsAskedForAnew()
    {
        await system.Sandbox.FaultAsync(Fault(Downloads, 100, count: 1, httpStatus: 404));

        await EndsAsync(client, await system.Sandbox.SendFileAsync("image"), "stored");

        (await RequestsAsync(Downloads)).ShouldBe(2);
        (await RequestsAsync("phone_number_id=")).ShouldBe(2);
    }

    [Theory]
    [InlineData("https://files.example/x")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://lookaside.fbsbx.com/x")]
    [InlineData("https://lookaside.fbsbx.com.evil.example/x")]
    public async Task AnAddressElsewhereIsNotGivenTheToken(string url)
    {
        var wamid = await system.Sandbox.SendFileAsync("image", new { url });

        var file = await ReasonAsync(client, wamid, "strange_address");

        file.GetProperty("state").GetString().ShouldBe("fetching");
        (await system.QueryAsync<int>("SELECT attempts FROM jobs WHERE kind = 'FetchMedia'")).ShouldBe(1);
    }

    [Fact]
    public async Task ACredentialThatIsRefusedIsSaidAndStopsNothingElse()
    {
        await system.Sandbox.FaultAsync(Fault("phone_number_id=", 190, count: 0));
        var wamid = await system.Sandbox.SendFileAsync("image");

        (await ReasonAsync(client, wamid, "credential_invalid")).GetProperty("state").GetString().ShouldBe("fetching");

        (await system.QueryAsync<bool>("SELECT bool_and(stopped_at IS NULL) FROM channels")).ShouldBeTrue();
        system.Logs.Text.ShouldContain("credential_invalid");
        await system.Sandbox.HealAsync();
        await HurryAsync();
        await EndsAsync(client, wamid, "stored");
    }

    [Fact]
    public async Task AProviderThatBreaksOffIsAskedAgain()
    {
        await system.Sandbox.FaultAsync(new JsonObject { ["match"] = new JsonObject { ["path"] = Downloads }, ["mode"] = "drop_before", ["count"] = 1 });
        var wamid = await system.Sandbox.SendFileAsync("image");
        await ReasonAsync(client, wamid, "provider_away");
        await HurryAsync();

        var message = await EndsAsync(client, wamid, "stored");

        message.GetProperty("content").GetProperty("file").TryGetProperty("reason", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task AClientWhoseGrantWasRevokedGetsNothingMore()
    {
        await system.Sandbox.FaultAsync(Fault(Downloads, 131000, count: 1));
        var wamid = await system.Sandbox.SendFileAsync("image");
        await ReasonAsync(client, wamid, "provider_away");

        await system.Console.RevokeGrantAsync(client.Client, client.Channel);
        await HurryAsync();

        await Eventually.TrueAsync("it is given up", async () => await system.QueryAsync<string>("SELECT file_error FROM messages") == "no_grant");
        (await RequestsAsync(Downloads)).ShouldBe(1);
        Files().ShouldBeEmpty();
    }

    [Fact]
    public async Task WhatComesAgainIsNotFetchedAgain()
    {
        await system.Sandbox.SettingsAsync(new { duplicates = 3 });
        var wamid = await system.Sandbox.SendFileAsync("image");
        var mediaId = (await EndsAsync(client, wamid, "stored")).GetProperty("mediaIds")[0].GetString();

        var edit = new JsonObject
        {
            ["type"] = "edit",
            ["edit"] = new JsonObject
            {
                ["original_message_id"] = wamid,
                ["message"] = JsonNode.Parse("""{"type":"image","image":{"caption":"better","mime_type":"image/png","sha256":"x","id":"7"}}"""),
            },
        };
        await webhooks.WriteAsync(WebhookDriver.Message(edit.ToJsonString(), Person, at: DateTimeOffset.UtcNow.AddMinutes(1)));
        await webhooks.DoneAsync();

        var message = await EndsAsync(client, wamid, "stored");
        message.GetProperty("text").GetString().ShouldBe("better");
        message.GetProperty("mediaIds")[0].GetString().ShouldBe(mediaId);
        (await RequestsAsync(Downloads)).ShouldBe(1);
        (await system.QueryAsync<long>("SELECT count(*) FROM jobs")).ShouldBe(0);
    }

    [Fact]
    public async Task AFileGoesWithThePersonWhoSentIt()
    {
        await EndsAsync(client, await system.Sandbox.SendFileAsync("image"), "stored");
        var kept = await EndsAsync(client, await system.Sandbox.SendFileAsync("document", from: "15550100777"), "stored");

        (await system.Console.EraseAsync(client, Person)).Media.ShouldBe(1);

        await Eventually.TrueAsync("the file is gone", () => Task.FromResult(Files().Length == 1));
        (await mcp.CallAsync("get_media", new { mediaId = kept.GetProperty("mediaIds")[0].GetString() })).IsError.ShouldBeFalse();
    }

    [Fact]
    public async Task AFileGoesWithTheMessageThatWasTakenBack()
    {
        var wamid = await system.Sandbox.SendFileAsync("image");
        var mediaId = (await EndsAsync(client, wamid, "stored")).GetProperty("mediaIds")[0].GetString();

        await webhooks.WriteAsync(WebhookDriver.Message($$$"""{"type":"revoke","revoke":{"original_message_id":"{{{wamid}}}"}}""", Person));

        await Eventually.TrueAsync("the file is gone", () => Task.FromResult(Files().Length == 0));
        (await mcp.CallAsync("get_media", new { mediaId })).Reason.ShouldBe("not_found");
    }

    [Fact]
    public async Task AFileGoesWithTheClientsPeriod()
    {
        await EndsAsync(client, await system.Sandbox.SendFileAsync("image"), "stored");
        clock.Advance(TimeSpan.FromDays(91));

        await system.Console.RunDutyAsync(Duty.PruneMessages);

        await Eventually.TrueAsync("the file is gone", () => Task.FromResult(Files().Length == 0));
        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects")).ShouldBe(0);
    }

    [Fact]
    public async Task AFileThatCameOverAChannelIsNotTakenFromThereByAnother()
    {
        var sales = await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);
        await system.Console.GrantAsync(client.Client, sales);
        string[] scopes = [.. ConsoleDriver.AllTools.Select(tool => $"tools:{tool}"), $"numbers:{sales.Id}"];
        var onSales = system.Mcp((await system.Console.MintAsync(client.Client, scopes)).Token);
        await system.Sandbox.WriteAsync("hello", phoneNumberId: ConsoleDriver.SalesNumber);
        await MessageTests.InboundAsync(onSales, client with { Channel = sales }, "hello");
        var theirs = (await EndsAsync(client, await system.Sandbox.SendFileAsync("image"), "stored")).GetProperty("mediaIds")[0].GetString();

        (await SendAsync(theirs)).Reason.ShouldBe("not_found");
        (await onSales.CallAsync("get_media", new { mediaId = theirs })).Reason.ShouldBe("not_found");

        var own = await mcp.ResultAsync("send_media", new { channel = client.Channel.Name, to = Person, type = "image", data = Convert.ToBase64String(FilesOf.Jpeg) });
        (await SendAsync(own.GetProperty("mediaIds")[0].GetString())).IsError.ShouldBeFalse("what the client itself gave here it may send over any channel of its own");

        Task<RawAnswer> SendAsync(string? mediaId) => onSales.CallAsync("send_media", new { channel = sales.Name, to = Person, type = "image", mediaId });
    }

    private async Task<JsonElement> EndsAsync(TestClient whose, string wamid, string state)
    {
        JsonElement seen = default;
        await Eventually.TrueAsync($"the file is {state}", async () =>
        {
            seen = await webhooks.SeenAsync(whose, wamid);
            return seen.GetProperty("content").GetProperty("file").GetProperty("state").GetString() == state;
        });
        return seen;
    }

    private async Task<JsonElement> ReasonAsync(TestClient whose, string wamid, string reason)
    {
        JsonElement file = default;
        await Eventually.TrueAsync($"the file has the word {reason}", async () =>
        {
            file = (await webhooks.SeenAsync(whose, wamid)).GetProperty("content").GetProperty("file");
            return file.TryGetProperty("reason", out var word) && word.GetString() == reason
                && await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE lease_id IS NULL") > 0; // put back
        });
        return file;
    }

    // What waits need not wait any longer.
    private async Task HurryAsync() => await system.QueryAsync<object>("UPDATE jobs SET run_at = now() WHERE kind = 'FetchMedia' AND lease_id IS NULL");

    private static JsonObject Fault(string path, int code, int count, int? httpStatus = null) =>
        new() { ["match"] = new JsonObject { ["path"] = path, ["method"] = "GET" }, ["code"] = code, ["count"] = count, ["httpStatus"] = httpStatus };

    private Task<int> RequestsAsync(string path) => system.Sandbox.RequestsAsync(path);

    private string[] Files() => [.. Directory.GetFiles(system.MediaFolder, "*", SearchOption.AllDirectories)];
}
