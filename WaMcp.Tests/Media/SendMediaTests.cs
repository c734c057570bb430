using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Domain.Duties;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Media;

/// <summary>Files from the agent's call to the provider, and away again.</summary>
public sealed class SendMediaTests : IAsyncLifetime
{
    private const string Person = "15550100100";

    private readonly ShiftedClock clock = new();
    private WaMcpSystem system = null!;
    private TestClient client = null!;
    private McpDriver mcp = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartWithClockAsync(clock);
        client = await system.Console.OnboardAsync(rpm: 100_000);
        mcp = system.Mcp(client.Token);
        await system.Sandbox.SettingsAsync(new { enforceWindow = false }); // days go by here
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public async Task AFileGoesAllTheWayAndIsUploadedOnceForAllItsMessages()
    {
        var sent = await SendAsync(FilesOf.Png, new { caption = "The plan" });
        await ReadAsync(sent);
        var mediaId = sent.GetProperty("mediaIds")[0].GetString()!;
        await ReadAsync(await mcp.ResultAsync("send_media", new { channel = client.Channel.Name, to = Person, type = "image", mediaId }));
        await ReadAsync(await mcp.ResultAsync("send_media", new { channel = client.Channel.Name, to = Person, type = "document", resource = $"wamcp://media/{mediaId}", fileName = "plan.png" }));
        await ReadAsync(await mcp.ResultAsync(
            "send_interactive",
            new { channel = client.Channel.Name, to = Person, text = "Good?", buttons = new[] { new { id = "y", title = "Yes" } }, header = new { image = new { data = Convert.ToBase64String(FilesOf.Png) } } }));

        var upload = (await system.Sandbox.UploadsAsync()).ShouldHaveSingleItem();
        upload.GetProperty("body").GetProperty("bytes").GetInt64().ShouldBe(FilesOf.Png.Length);
        var theirs = await system.QueryAsync<string>("SELECT provider_media_id FROM media_uploads");
        var image = (await system.Sandbox.SendsToAsync(sent.GetProperty("messageId").GetString()!)).ShouldHaveSingleItem().GetProperty("body").GetProperty("image");
        image.GetProperty("id").GetString().ShouldBe(theirs);
        image.GetProperty("caption").GetString().ShouldBe("The plan");
        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects")).ShouldBe(1);
        (await system.QueryAsync<long>("SELECT sum(attempts)::bigint FROM jobs")).ShouldBe(0); // none is left
    }

    [Fact]
    public async Task ADryRunJudgesTheFileAndKeepsNothing()
    {
        var dry = await SendAsync(FilesOf.Png, new { dryRun = true });

        dry.GetProperty("dryRun").GetProperty("wouldSend").GetProperty("image").GetProperty("id").GetString()!.ShouldStartWith("med_");
        (await RefusedAsync(FilesOf.Elf, new { dryRun = true })).ShouldContain("of no type that can be sent as image");
        (await system.QueryAsync<long>("SELECT (SELECT count(*) FROM media_objects) + (SELECT count(*) FROM messages)")).ShouldBe(0);
        Files().ShouldBeEmpty();
    }

    [Fact]
    public async Task WhatIsWrongNamesTheFieldAndTheLimit()
    {
        (await RefusedAsync(FilesOf.Pdf)).ShouldContain("application/pdf by its content");
        (await RefusedAsync(FilesOf.Padded(FilesOf.Png, (5 * 1024 * 1024) + 1))).ShouldContain("at most 5 MB");
        (await RefusedAsync(FilesOf.Png, new { url = "https://files.example/" })).ShouldContain("exactly one of url, data, resource and mediaId");
        (await RefusedAsync(null, new { url = "https://169.254.169.254/latest/meta-data/" })).ShouldContain("url: the host cannot be reached on the public internet.");
        (await RefusedAsync(null, new { mediaId = "med_01m80jsvaqf8ytf10fccgkmr6d" })).ShouldContain("No media");
        (await RefusedAsync(FilesOf.Png, new { voice = true })).ShouldContain("voice");
        var header = await mcp.CallAsync("send_interactive", new
        {
            channel = client.Channel.Name,
            to = Person,
            text = "Good?",
            buttons = new[] { new { id = "y", title = "Yes" } },
            header = new { video = new { data = Convert.ToBase64String(FilesOf.Png) } },
        });
        header.Structured.GetProperty("field").GetString().ShouldBe("header.video.data");
        (await system.QueryAsync<long>("SELECT (SELECT count(*) FROM media_objects) + (SELECT count(*) FROM messages)")).ShouldBe(0);
        Files().ShouldBeEmpty();
    }

    [Fact]
    public async Task NothingIsFetchedOrKeptForAMessageThatIsRefusedAnyway()
    {
        await ReadAsync(await SendAsync(FilesOf.Png));
        await system.QueryAsync<object>("UPDATE conversations SET last_inbound_at = now() - interval '2 days'");
        const string nowhere = "https://169.254.169.254/";

        (await mcp.CallAsync("send_media", Arguments(FilesOf.Jpeg, null))).Reason.ShouldBe("window_closed");
        (await mcp.CallAsync("send_media", Arguments(null, new { url = nowhere }))).Reason.ShouldBe("window_closed");
        var inside = new { channel = client.Channel.Name, to = Person, text = "Good?", requestContactInfo = true, header = new { image = new { url = nowhere } } };
        (await mcp.CallAsync("send_interactive", inside)).Reason.ShouldBe("window_closed");
        var unfilled = new { channel = client.Channel.Name, to = Person, name = "autumn_sale", header = new { image = new { data = Convert.ToBase64String(FilesOf.Jpeg) } } };
        (await mcp.CallAsync("send_template", unfilled)).Reason.ShouldBe("template_refused");

        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects")).ShouldBe(1);
        Files().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task AnOfficeFileAboveAMessageIsKnownByTheNameItIsGiven()
    {
        var header = new { document = new { data = Convert.ToBase64String(FilesOf.Zip) }, fileName = "letter.docx" };
        var sent = await mcp.ResultAsync("send_interactive", new { channel = client.Channel.Name, to = Person, text = "Good?", requestContactInfo = true, header });

        sent.GetProperty("mediaIds").GetArrayLength().ShouldBe(1);
        (await system.QueryAsync<string>("SELECT mime_type FROM media_objects")).ShouldEndWith("wordprocessingml.document");
    }

    [Fact]
    public async Task ACopyThatTheProviderSoonForgetsIsMadeAnew()
    {
        await ReadAsync(await SendAsync(FilesOf.Png));
        clock.Advance(TimeSpan.FromDays(28.9));
        await ReadAsync(await SendAsync(FilesOf.Png));
        (await system.Sandbox.UploadsAsync()).Count.ShouldBe(1);

        clock.Advance(TimeSpan.FromDays(0.2));
        await ReadAsync(await SendAsync(FilesOf.Png));

        (await system.Sandbox.UploadsAsync()).Count.ShouldBe(2);
        (await system.QueryAsync<long>("SELECT count(*) FROM media_uploads")).ShouldBe(1);
    }

    [Fact]
    public async Task ACopyThatTheProviderForgotIsMadeAnewOnceAndTheMessageIsSent()
    {
        await ReadAsync(await SendAsync(FilesOf.Png));
        await system.QueryAsync<object>("UPDATE media_uploads SET provider_media_id = '1'");

        await ReadAsync(await SendAsync(FilesOf.Png));

        (await system.Sandbox.UploadsAsync()).Count.ShouldBe(2);
        await system.Sandbox.FaultAsync(new JsonObject { ["code"] = 131053, ["count"] = 0 });
        var refused = await MessageTests.StateAsync(mcp, Id(await SendAsync(FilesOf.Png)), "failed");
        refused.GetProperty("error").GetProperty("reason").GetString().ShouldBe("media_refused:131053");
        (await system.Sandbox.UploadsAsync()).Count.ShouldBe(3, "it is made anew once and then never");
    }

    [Fact]
    public async Task AnUploadThatFailsIsJudgedLikeASend()
    {
        await UploadFaultAsync(130429, count: 1);
        await ReadAsync(await SendAsync(FilesOf.Png)); // busy: asked again

        await UploadFaultAsync(131053, count: 1);
        var refused = await MessageTests.StateAsync(mcp, Id(await SendAsync(FilesOf.Jpeg)), "failed");
        refused.GetProperty("error").GetProperty("reason").GetString().ShouldBe("media_refused:131053");

        await UploadFaultAsync(190, count: 1);
        var waiting = await SendAsync(FilesOf.Pdf, new { type = "document" });
        await Eventually.TrueAsync("the number is stopped", async () => await system.QueryAsync<string>("SELECT stopped_reason FROM channels") == "token_invalid:190"
            || await system.QueryAsync<string>("SELECT stopped_reason FROM channels WHERE stopped_reason LIKE '%:190'") is not null);
        (await mcp.ResultAsync("get_message", new { messageId = Id(waiting) })).GetProperty("state").GetString().ShouldBe("queued");
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'channel_stopped'")).ShouldBe(1);
    }

    [Fact]
    public async Task AFileThatIsGoneFailsItsMessageAndSaysSo()
    {
        await UploadFaultAsync(130429, count: 1);
        var sent = await SendAsync(FilesOf.Png);
        Files().ToList().ForEach(File.Delete);

        var failed = await MessageTests.StateAsync(mcp, Id(sent), "failed");

        failed.GetProperty("error").GetProperty("reason").GetString().ShouldBe("media_gone");
    }

    [Fact]
    public async Task AFileGoesWithTheLastMessageThatNeedsIt()
    {
        await ReadAsync(await SendAsync(FilesOf.Png));
        clock.Advance(TimeSpan.FromDays(60));
        await ReadAsync(await SendAsync(FilesOf.Png));
        await ReadAsync(await SendAsync(FilesOf.Jpeg));
        clock.Advance(TimeSpan.FromDays(45));
        await system.Console.RunDutyAsync(Duty.PruneMessages);
        Files().Length.ShouldBe(2);

        clock.Advance(TimeSpan.FromDays(50));
        await system.Console.RunDutyAsync(Duty.PruneMessages);

        Files().ShouldBeEmpty();
        (await system.QueryAsync<long>("SELECT (SELECT count(*) FROM media_objects) + (SELECT count(*) FROM media_uploads)")).ShouldBe(0);
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE media_ids <> '{}'")).ShouldBe(0);
    }

    [Fact]
    public async Task ARunThatWasKilledBetweenFileAndRowIsTakenUpAgain()
    {
        await ReadAsync(await SendAsync(FilesOf.Png));
        await system.QueryAsync<object>("UPDATE messages SET media_ids = '{}'");
        await system.QueryAsync<object>("UPDATE media_objects SET deleted_at = now()"); // marked, its file deleted, and then the end
        Files().ToList().ForEach(File.Delete);

        (await RefusedAsync(null, new { mediaId = await MediaIdAsync() })).ShouldContain("No media");
        await system.Console.RunDutyAsync(Duty.PruneMessages);

        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects")).ShouldBe(0);
    }

    [Fact]
    public async Task WhatIsAcceptedAgainAfterItWasGivenUpIsKept()
    {
        await ReadAsync(await SendAsync(FilesOf.Png));
        await system.QueryAsync<object>("UPDATE messages SET media_ids = '{}'");
        await system.QueryAsync<object>("UPDATE media_objects SET deleted_at = now()");
        Files().ToList().ForEach(File.Delete);

        await ReadAsync(await SendAsync(FilesOf.Png));
        await system.Console.RunDutyAsync(Duty.PruneMessages);

        Files().ShouldHaveSingleItem();
        (await system.QueryAsync<long>("SELECT count(*) FROM media_objects WHERE deleted_at IS NULL")).ShouldBe(1);
    }

    [Fact]
    public async Task ErasingAPersonErasesTheFilesThatOnlyTheyGot()
    {
        const string other = "15550100888";
        await ReadAsync(await SendAsync(FilesOf.Png));
        await ReadAsync(await SendAsync(FilesOf.Jpeg));
        await ReadAsync(await SendAsync(FilesOf.Jpeg, new { to = other }));

        var erased = await system.Console.EraseAsync(client, Person);

        erased.Media.ShouldBe(1);
        await Eventually.TrueAsync("the file is gone", () => Task.FromResult(Files().Length == 1));
        (await File.ReadAllBytesAsync(Files()[0])).ShouldBe(FilesOf.Jpeg);
    }

    [Fact]
    public async Task WhatAKilledServerLeftHalfWrittenGoesAfterADay()
    {
        var folder = Directory.CreateDirectory(Path.Combine(system.MediaFolder, ".incoming")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "half"), "half");
        await system.Console.RunDutyAsync(Duty.PruneMessages);
        Directory.GetFiles(folder).ShouldHaveSingleItem();

        clock.Advance(TimeSpan.FromDays(2));
        await system.Console.RunDutyAsync(Duty.PruneMessages);

        Directory.GetFiles(folder).ShouldBeEmpty();
    }

    private Task<JsonElement> SendAsync(byte[] content, object? more = null) => mcp.ResultAsync("send_media", Arguments(content, more));

    private async Task<string> RefusedAsync(byte[]? content, object? more = null) =>
        (await mcp.CallAsync("send_media", Arguments(content, more))).Structured.GetProperty("message").GetString()!;

    private JsonObject Arguments(byte[]? content, object? more)
    {
        var arguments = new JsonObject { ["channel"] = client.Channel.Name, ["to"] = Person, ["type"] = "image" };
        if (content is not null)
        {
            arguments["data"] = Convert.ToBase64String(content);
        }

        foreach (var (name, value) in JsonSerializer.SerializeToNode(more ?? new { })!.AsObject())
        {
            arguments[name] = value?.DeepClone();
        }

        return arguments;
    }

    private Task<JsonElement> ReadAsync(JsonElement sent) => MessageTests.StateAsync(mcp, Id(sent), "read");

    private static string Id(JsonElement sent) => sent.GetProperty("messageId").GetString()!;

    private async Task<string> MediaIdAsync() =>
        new Domain.Media.MediaObjectId(await system.QueryAsync<Guid>("SELECT id FROM media_objects")).ToString();

    private Task UploadFaultAsync(int code, int count) => system.Sandbox.FaultAsync(
        new JsonObject { ["match"] = new JsonObject { ["path"] = "/media", ["method"] = "POST" }, ["code"] = code, ["count"] = count });

    private string[] Files() => [.. Directory.GetFiles(system.MediaFolder, "*", SearchOption.AllDirectories)];
}
