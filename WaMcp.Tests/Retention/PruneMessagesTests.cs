using System.Text.Json.Nodes;
using WaMcp.Domain.Duties;
using WaMcp.Tests.Admin;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Retention;

/// <summary>What is taken out of the database as time goes by, and what is not.</summary>
public sealed class PruneMessagesTests
{
    private const string Person = "15550100100";

    [Fact]
    public async Task EachClientsContentGoesAfterItsOwnPeriodAndNobodyElses()
    {
        var clock = new ShiftedClock();
        await using var system = await WaMcpSystem.StartWithClockAsync(clock);
        var brief = await TalkAsync(system, ConsoleDriver.SupportNumber, "brief");
        var usual = await TalkAsync(system, ConsoleDriver.SalesNumber, "usual");
        await system.Console.RetentionAsync(brief.Client, 30);

        clock.Advance(TimeSpan.FromDays(29));
        await system.Console.RunDutyAsync(Duty.PruneMessages);
        (await SayingAsync(system)).ShouldBe(4);

        clock.Advance(TimeSpan.FromDays(2));
        await system.Console.RunDutyAsync(Duty.PruneMessages);
        var text = await WholeDatabase.TextAsync(system.Database);
        text.ShouldNotHold("said to brief", "said by brief");
        text.ShouldContain("said to usual");
        text.ShouldContain("said by usual");
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1 AND state IN ('Read', 'Received')", brief.Client.Id.Value)).ShouldBe(2);

        clock.Advance(TimeSpan.FromDays(60));
        await system.Console.RunDutyAsync(Duty.PruneMessages);
        (await SayingAsync(system)).ShouldBe(0);
        // Some of the runs were not asked for: the clock had passed the time of day.
        await Eventually.TrueAsync("the runs together say how many", async () => await system.QueryAsync<long>(
            "SELECT coalesce(sum((metadata ->> 'messages')::integer), 0)::bigint FROM audit_log WHERE action = 'messages_pruned'") == 4);
        (await WholeDatabase.TextAsync(system.Database)).ShouldNotHold("said to", "said by");
    }

    [Fact]
    public async Task APrunedMessageIsStillReadWithItsStateAndWithoutAText()
    {
        var clock = new ShiftedClock();
        await using var system = await WaMcpSystem.StartWithClockAsync(clock);
        var client = await TalkAsync(system, ConsoleDriver.SupportNumber, "read");
        clock.Advance(TimeSpan.FromDays(91));
        await system.Console.RunDutyAsync(Duty.PruneMessages);

        var page = await system.Mcp(client.Token).ResultAsync("get_messages", new { channel = client.Channel.Name });

        var messages = page.GetProperty("messages").EnumerateArray().ToList();
        messages.Select(message => message.GetProperty("state").GetString()).ShouldBe(["received", "read"], ignoreOrder: true);
        messages.ShouldAllBe(message => !message.ToString().Contains("said"));
    }

    [Fact]
    public async Task AnEditThatComesAfterwardsDoesNotFillAMessageAgain()
    {
        var clock = new ShiftedClock();
        await using var system = await WaMcpSystem.StartWithClockAsync(clock);
        var webhooks = new WebhookDriver(system);
        var client = await system.Console.OnboardAsync();
        var message = WebhookDriver.Text("words", Person);
        await webhooks.WriteAsync(message);
        await webhooks.DoneAsync();
        await system.Console.RetentionAsync(client.Client, 7);
        clock.Advance(TimeSpan.FromDays(8));
        await system.Console.RunDutyAsync(Duty.PruneMessages);
        (await SayingAsync(system)).ShouldBe(0);

        await webhooks.WriteAsync(WebhookDriver.Message(
            $$$"""{"type":"edit","edit":{"original_message_id":"{{{message["id"]}}}","message":{"type":"text","text":{"body":"other words"} } } }""", Person));
        await webhooks.DoneAsync();

        (await SayingAsync(system)).ShouldBe(0);
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE edited_at IS NOT NULL")).ShouldBe(1);
    }

    [Fact]
    public async Task RawDeliveriesGoAfterAWeekUnlessSomebodyStillNeedsThem()
    {
        var clock = new ShiftedClock();
        await using var system = await WaMcpSystem.StartWithClockAsync(clock);
        await TalkAsync(system, ConsoleDriver.SupportNumber, "raw");
        // One that never was taken apart, and one that a dead letter still needs.
        var (unread, dead) = (Guid.NewGuid(), Guid.NewGuid());
        await system.QueryAsync<object>("INSERT INTO webhook_events (id, provider, body, request_id, received_at) VALUES ($1, 'WhatsApp', '{}', 'r', now())", unread);
        await system.QueryAsync<object>("INSERT INTO webhook_events (id, provider, body, request_id, received_at, fanned_out_at) VALUES ($1, 'WhatsApp', '{}', 'r', now(), now())", dead);
        await system.QueryAsync<object>("INSERT INTO jobs (id, kind, subject_id, run_at, dead_at) VALUES (gen_random_uuid(), 'Receive', $1, now(), now())", dead);
        var before = await system.QueryAsync<long>("SELECT count(*) FROM webhook_events");
        await system.Console.RunDutyAsync(Duty.PruneMessages);
        (await system.QueryAsync<long>("SELECT count(*) FROM webhook_events")).ShouldBe(before);

        clock.Advance(TimeSpan.FromDays(8));
        var run = await system.Console.RunDutyAsync(Duty.PruneMessages);

        (await system.QueryAsync<Guid[]>("SELECT array_agg(id) FROM webhook_events")).ShouldBe([unread, dead], ignoreOrder: true);
        run.Counts!.ShouldContain($"\"deliveries\": {before - 2}");
        (await SayingAsync(system)).ShouldBe(2);
    }

    [Fact]
    public async Task WhatIsYetToBeSentKeepsItsContent()
    {
        var clock = new ShiftedClock();
        await using var system = await WaMcpSystem.StartWithClockAsync(clock);
        var client = await system.Console.OnboardAsync();
        await system.Sandbox.FaultAsync(new JsonObject { ["match"] = new JsonObject { ["to"] = Person }, ["code"] = 130429, ["count"] = 1000 });
        var sent = await system.Mcp(client.Token).ResultAsync("send_message", new { channel = client.Channel.Name, to = Person, text = "still to come" });
        await Eventually.TrueAsync("it is put off", async () => await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE last_error IS NOT NULL") == 1);

        clock.Advance(TimeSpan.FromDays(91));
        await system.Console.RunDutyAsync(Duty.PruneMessages);

        (await system.QueryAsync<string>("SELECT body FROM messages")).ShouldBe("still to come", sent.ToString());
    }

    [Fact]
    public async Task CountersGoWhenNoLimitLooksAtThemAnyMore()
    {
        await using var system = await WaMcpSystem.StartAsync();
        await system.QueryAsync<object>("INSERT INTO rate_limit_buckets SELECT 'daily:' || hours, now() - make_interval(hours => hours), 1 FROM generate_series(0, 3000) AS hours");

        var run = await system.Console.RunDutyAsync(Duty.PruneMessages);

        (await system.QueryAsync<DateTime>("SELECT min(bucket_start) FROM rate_limit_buckets")).ShouldBeInRange(DateTime.UtcNow.AddHours(-48.1), DateTime.UtcNow.AddHours(-46.9));
        run.Counts!.ShouldContain("\"counters\": 295");
    }

    [Fact]
    public async Task MoreThanOneBatchGoesInOneRun()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var client = await TalkAsync(system, ConsoleDriver.SupportNumber, "many");
        await system.QueryAsync<object>(
            """
            INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, body, state, created_at)
            SELECT gen_random_uuid(), client_id, channel_id, conversation_id, contact_id, direction, kind, 'old', 'Read', now() - interval '91 days'
            FROM messages, generate_series(1, 2500) WHERE direction = 'Outbound' AND client_id = $1
            """,
            client.Client.Id.Value);

        await system.Console.RunDutyAsync(Duty.PruneMessages);

        (await SayingAsync(system)).ShouldBe(2);
        var row = JsonNode.Parse((await system.QueryAsync<string>("SELECT metadata::text FROM audit_log WHERE action = 'messages_pruned'"))!)!.AsObject();
        ((long)row["messages"]!).ShouldBe(2500);
        ((long)row["clients"]!).ShouldBe(1);
    }

    /// <summary>A client to whom a person has written, and who has answered.</summary>
    internal static async Task<TestClient> TalkAsync(WaMcpSystem system, string phoneNumberId, string mark, string person = Person)
    {
        var client = await system.Console.OnboardAsync(phoneNumberId);
        var mcp = system.Mcp(client.Token);
        await system.Sandbox.WriteAsync($"said to {mark}", person, phoneNumberId, $"Ada {mark}");
        await MessageTests.InboundAsync(mcp, client, $"said to {mark}");
        var sent = await mcp.ResultAsync("send_message", new { channel = client.Channel.Name, to = person, text = $"said by {mark}" });
        await MessageTests.StateAsync(mcp, sent.GetProperty("messageId").GetString()!, "read");
        await Eventually.TrueAsync("nothing is left to do", async () => await system.QueryAsync<long>("SELECT count(*) FROM jobs") == 0);
        return client;
    }

    private static Task<long> SayingAsync(WaMcpSystem system) =>
        system.QueryAsync<long>("SELECT count(*) FROM messages WHERE body IS NOT NULL AND raw IS NOT NULL");
}
