using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Admin;

/// <summary>What an operator can do about single messages, and what becomes of those about which nobody does anything.</summary>
public sealed class MessagesTests : IAsyncLifetime
{
    private const string Person = "15550100100";

    private readonly ShiftedClock clock = new();
    private WaMcpSystem system = null!;
    private TestClient client = null!;
    private AdminConsole console = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartWithClockAsync(clock, settings: [("Deliveries:LookEvery", "00:00:00.2")]);
        client = await system.Console.OnboardAsync(rpm: 100_000);
        console = AdminConsole.Of(system);
        await system.Sandbox.SettingsAsync(new { statuses = Array.Empty<string>() });
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public async Task AnUnknownMessageIsSettledByTheOperatorOnceAndNoOtherIs()
    {
        var (lost, gone) = (await UnknownAsync(), await UnknownAsync());

        var shown = await console.DoAsync("messages", "show", lost, "--client", client.Client.Slug);
        shown.GetProperty("state").GetString().ShouldBe("unknown");
        shown.GetProperty("unknownAt").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddMinutes(-5));
        shown.GetRawText().ShouldNotContain("said and lost");
        (await SettleAsync(lost, "--sent")).GetProperty("state").GetString().ShouldBe("sent");
        var failed = await SettleAsync(gone, "--failed", "--reason", "Not on the phone.");
        failed.GetProperty("errorText").GetString().ShouldBe("The operator found that it was not sent. Not on the phone.");

        (await console.RunAsync("messages", "settle", lost, "--client", client.Client.Slug, "--failed")).ShouldFail(4, "is sent, not unknown");
        (await console.RunAsync("messages", "cancel", gone, "--client", client.Client.Slug)).ShouldFail(4, "is failed", "only a queued message");
        (await console.RunAsync("messages", "settle", lost, "--client", client.Client.Slug)).ShouldFail(2, "exactly one of --sent and --failed");
        (await console.RunAsync("messages", "settle", lost, "--client", client.Client.Slug, "--sent", "--failed")).ShouldFail(2, "exactly one");
        (await console.RunAsync("messages", "show", "msg_nonsense", "--client", client.Client.Slug)).ShouldFail(3, "No message");
        (await system.QueryAsync<string[]>(
            "SELECT array_agg((metadata ->> 'state') || coalesce(' ' || (metadata ->> 'reason'), '') ORDER BY id) FROM audit_log WHERE action = 'message_settled' AND client_id = $1",
            client.Client.Id.Value)).ShouldBe(["sent", "failed Not on the phone."]);
    }

    [Fact]
    public async Task MessagesAreListedByStateAndChannelAndOnlyTheirClients()
    {
        var lost = await UnknownAsync();
        var other = await system.Console.OnboardAsync(ConsoleDriver.SalesNumber);
        string[] list = ["messages", "list", "--client", client.Client.Slug];

        var listed = (await console.DoAsync([.. list, "--state", "unknown", "--phone", client.Channel.Name])).EnumerateArray().ShouldHaveSingleItem();
        listed.GetProperty("id").GetString().ShouldBe(lost);
        listed.GetRawText().ShouldNotContain("said and lost");
        (await console.DoAsync([.. list, "--state", "read"])).GetArrayLength().ShouldBe(0);
        (await console.DoAsync([.. list, "--phone", other.Channel.Name])).GetArrayLength().ShouldBe(0);
        (await console.DoAsync("messages", "list", "--client", other.Client.Slug)).GetArrayLength().ShouldBe(0);
        (await console.RunAsync([.. list, "--limit", "0"])).ShouldFail(2, "1 to 10000");
        (await console.RunAsync([.. list, "--phone", "nowhere"])).ShouldFail(3, "No channel");
    }

    [Fact]
    public async Task AMessageOfAnotherClientIsNotFound()
    {
        var lost = await UnknownAsync();
        var other = await system.Console.OnboardAsync(ConsoleDriver.SalesNumber);

        foreach (var command in new string[][] { ["show"], ["settle", "--sent"], ["cancel"] })
        {
            (await console.RunAsync(["messages", command[0], lost, "--client", other.Client.Slug, .. command[1..]])).ShouldFail(3, "No message");
        }

        (await StateAsync(lost)).ShouldBe("Unknown");
    }

    [Fact]
    public async Task AQueuedMessageIsWithdrawnAndTheOnesBehindItGoOn()
    {
        await system.QueryAsync<object>("UPDATE channels SET stopped_at = now(), stopped_reason = 'a test'");
        var first = await SendAsync("not any more");
        var second = await SendAsync("but this");

        (await console.RunAsync("messages", "cancel", first, "--client", client.Client.Slug)).Err.ShouldContain("will not be sent");
        (await console.RunAsync("messages", "settle", second, "--client", client.Client.Slug, "--sent")).ShouldFail(4, "is queued, not unknown");
        await system.QueryAsync<object>("UPDATE channels SET stopped_at = NULL, stopped_reason = NULL");

        await Eventually.TrueAsync("the second is sent", async () => await StateAsync(second) == "Sent");
        (await StateAsync(first)).ShouldBe("Cancelled");
        (await system.Sandbox.SendsToAsync(first)).ShouldBeEmpty();
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'message_cancelled'")).ShouldBe(1);
        await Eventually.TrueAsync("no job is left", async () => await system.QueryAsync<long>("SELECT count(*) FROM jobs") == 0);
    }

    [Fact]
    public async Task WhatNobodyConfirmsForADayHasFailedAndALateStatusChangesNoState()
    {
        var lost = await UnknownAsync();
        clock.Advance(TimeSpan.FromHours(12));
        var later = await UnknownAsync();

        clock.Advance(TimeSpan.FromHours(12.1));
        await Eventually.TrueAsync("it has failed", async () => await StateAsync(lost) == "Failed");

        (await StateAsync(later)).ShouldBe("Unknown");
        var failed = await system.Mcp(client.Token).ResultAsync("get_message", new { messageId = lost });
        failed.GetProperty("state").GetString().ShouldBe("failed");
        failed.GetProperty("error").GetProperty("reason").GetString().ShouldBe("unknown_outcome");
        failed.GetProperty("error").GetProperty("message").GetString()!.ShouldContain("never confirmed");
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'send_failed' AND error_code = 'unknown_outcome'")).ShouldBe(3); // when they began, and now
        await system.Sandbox.StatusAsync(await WamidAsync(lost), "delivered");
        await Eventually.TrueAsync("the late status is stamped", async () => await system.QueryAsync<DateTime?>("SELECT delivered_at FROM messages WHERE state = 'Failed'") is not null);
        (await system.Sandbox.SendsToAsync(lost)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task AStopCodeInAStatusStopsTheNumberOnceAndTheConsoleResumesIt()
    {
        var (first, second) = (await SentAsync(), await SentAsync());

        await system.Sandbox.StatusAsync(await WamidAsync(first), "failed", 131042);
        await system.Sandbox.StatusAsync(await WamidAsync(second), "failed", 131042);
        await Eventually.TrueAsync("both have failed", async () => await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE state = 'Failed'") == 2);

        (await system.QueryAsync<string>("SELECT stopped_reason FROM channels")).ShouldBe("payment_missing:131042");
        (await system.QueryAsync<string[]>("SELECT array_agg(error_code) FROM audit_log WHERE action = 'channel_stopped'")).ShouldBe(["payment_missing:131042"]);
        var waiting = await SendAsync("waits");
        var resumed = await console.DoAsync("channels", "resume", "--phone", client.Channel.Name);
        resumed.GetProperty("name").GetString().ShouldBe(client.Channel.Name);
        await Eventually.TrueAsync("it is sent", async () => await StateAsync(waiting) == "Sent");
        (await console.RunAsync("channels", "resume", "--phone", client.Channel.Name)).ShouldFail(4, "is not stopped");
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'channel_resumed'")).ShouldBe(1);
    }

    [Theory]
    [InlineData(131026)]
    [InlineData(131047)]
    [InlineData(130429)]
    public async Task AnyOtherCodeInAStatusStopsNothing(int code)
    {
        var sent = await SentAsync();
        await system.Sandbox.StatusAsync(await WamidAsync(sent), "failed", code);
        await Eventually.TrueAsync("it has failed", async () => await StateAsync(sent) == "Failed");

        (await system.QueryAsync<long>("SELECT count(*) FROM channels WHERE stopped_at IS NOT NULL")).ShouldBe(0);
    }

    [Fact]
    public async Task AnOptOutIsLearntFromAStatus()
    {
        var sent = await SentAsync();
        await system.Sandbox.StatusAsync(await WamidAsync(sent), "failed", 131050);

        await Eventually.TrueAsync("it is noted", async () => await system.QueryAsync<long>("SELECT count(*) FROM contacts WHERE marketing_stopped_at IS NOT NULL") == 1);
        (await system.QueryAsync<string>("SELECT error_code FROM messages")).ShouldBe("opted_out:131050");
    }

    [Fact]
    public async Task AMessageWhoseJobWasGivenUpIsCancelledWhenThatIsDiscarded()
    {
        await system.QueryAsync<object>("UPDATE channels SET stopped_at = now(), stopped_reason = 'a test'");
        var buried = await SendAsync("given up");
        await system.QueryAsync<object>("UPDATE jobs SET dead_at = now(), last_error = 'TimeoutException'");
        var letter = (await console.DoAsync("deadletters", "list"))[0];
        letter.GetProperty("subject").GetString().ShouldBe(buried);

        await console.DoAsync("deadletters", "discard", letter.GetProperty("id").GetString()!);

        (await StateAsync(buried)).ShouldBe("Cancelled");
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'dead_letter_discarded' AND client_id = $1", client.Client.Id.Value)).ShouldBe(1);
    }

    [Theory]
    [InlineData("Jobs:Lease", "00:00:25", "Jobs:Lease must be longer")]
    [InlineData("Deliveries:UnknownAfter", "00:00:10", "Deliveries:UnknownAfter must be at least")]
    [InlineData("Media:MaxInlineBytes", "100000000", "Mcp:MaxRequestBytes must hold")]
    [InlineData("Media:FetchTimeout", "00:00:00", "Media:FetchTimeout must be")]
    [InlineData("Media:FetchPorts:0", "70000", "Media:FetchPorts must be")]
    public async Task ASettingThatCannotWorkIsToldAtTheStart(string key, string value, string words)
    {
        var refused = await Should.ThrowAsync<Exception>(() => WaMcpSystem.StartAsync(settings: [(key, value)]));

        refused.ToString().ShouldContain(words);
    }

    private async Task<JsonElement> SettleAsync(string id, params string[] how) =>
        await console.DoAsync(["messages", "settle", id, "--client", client.Client.Slug, .. how]);

    private async Task<string> SendAsync(string text, string to = Person) =>
        (await system.Mcp(client.Token).ResultAsync("send_message", new { channel = client.Channel.Name, to, text })).GetProperty("messageId").GetString()!;

    private async Task<string> SentAsync()
    {
        var id = await SendAsync("hello");
        await Eventually.TrueAsync("it is sent", async () => await StateAsync(id) == "Sent");
        return id;
    }

    private async Task<string> UnknownAsync()
    {
        await system.Sandbox.FaultAsync(new JsonObject { ["mode"] = "drop_after", ["count"] = 1 });
        var id = await SendAsync("said and lost");
        await Eventually.TrueAsync("it is unknown", async () => await StateAsync(id) == "Unknown");
        return id;
    }

    private async Task<string> WamidAsync(string id) =>
        (await system.Sandbox.SendsToAsync(id)).ShouldHaveSingleItem().GetProperty("wamid").GetString()!;

    private Task<string?> StateAsync(string id) =>
        system.QueryAsync<string>("SELECT state FROM messages WHERE id = $1", WaMcp.Domain.Data.TypedId.TryParse<WaMcp.Domain.Messages.MessageId>(id, out var parsed) ? parsed.Value : Guid.Empty);
}
