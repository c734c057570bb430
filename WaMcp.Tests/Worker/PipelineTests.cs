using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Messages;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Worker;

/// <summary>Messages that are taken and settled in batches: what holds for one holds for each of many.</summary>
public sealed class PipelineTests : IAsyncLifetime
{
    private WaMcpSystem system = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartAsync();
        await system.Sandbox.SettingsAsync(new { enforceWindow = false });
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public async Task OfABatchTheEarliestGetThePlacesThatAreLeft()
    {
        var client = await system.Console.OnboardAsync(dailyCap: 3, daily: 5);

        await system.QueueAsync(client, people: 10, each: 1, "cap");

        await DoneAsync(client);
        (await StatesAsync(client)).ShouldBe([.. Enumerable.Repeat("sent", 3), .. Enumerable.Repeat("Failed daily_cap", 7)]);
        (await system.QueryAsync<string>("SELECT error_text FROM messages WHERE error_code = 'daily_cap' LIMIT 1"))!.ShouldContain("3 messages in 24 hours");
        (await system.QueryAsync<long>("SELECT sum(count)::bigint FROM rate_limit_buckets WHERE subject LIKE 'daily:%'")).ShouldBe(6, "three under each cap");
        (await system.Sandbox.SendsToAsync("cap ")).Count.ShouldBe(3);
    }

    [Fact]
    public async Task WhoWantsNoMoreMarketingGetsNoneAndEverythingElse()
    {
        var client = await system.Console.OnboardAsync(dailyCap: 3);
        await PausedAsync(client, TimeSpan.FromHours(1));
        await system.QueueAsync(client, people: 1, each: 2, "offer", MessageCategory.Marketing);
        await system.QueueAsync(client, people: 1, each: 1, "invoice", MessageCategory.Utility);
        await system.QueryAsync<object>("UPDATE contacts SET marketing_stopped_at = now() WHERE client_id = $1", client.Client.Id.Value);
        await PausedAsync(client, TimeSpan.Zero);

        await DoneAsync(client);

        (await StatesAsync(client)).ShouldBe(["Failed opted_out", "sent", "Failed opted_out"], ignoreOrder: true);
        (await system.Sandbox.SendsToAsync("offer ")).ShouldBeEmpty();
        (await system.QueryAsync<int>("SELECT count FROM rate_limit_buckets WHERE subject LIKE 'daily:%'")).ShouldBe(1, "what was refused took no place");
    }

    [Fact]
    public async Task ABadRowCostsNobodyElseOfItsBatch()
    {
        await system.Sandbox.SettingsAsync(new { statuses = Array.Empty<string>() });
        var client = await system.Console.OnboardAsync();
        await PausedAsync(client, TimeSpan.FromHours(1));
        await system.QueueAsync(client, people: 40, each: 1, "batch");
        // This one cannot be taken, and that one not be settled.
        await system.QueryAsync<object>("ALTER TABLE messages ADD CHECK (NOT (body = 'batch 7.' AND state = 'Sending')), ADD CHECK (NOT (body = 'batch 8.' AND state = 'Sent'))");
        await PausedAsync(client, TimeSpan.Zero);

        await Eventually.TrueAsync("all others are settled", async () => await system.QueryAsync<long>(
            "SELECT count(*) FROM messages WHERE direction = 'Outbound' AND state = 'Sent'") == 38);
        (await system.QueryAsync<string>("SELECT state FROM messages WHERE body = 'batch 7.'")).ShouldBe("Queued");
        await Eventually.TrueAsync("in doubt", async () => await system.QueryAsync<string>("SELECT state FROM messages WHERE body = 'batch 8.'") == "Unknown");
        (await system.Sandbox.SendsToAsync("batch ")).Select(Text).Distinct().Count().ShouldBe(39);
        (await system.Sandbox.SendsToAsync("batch 8.")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task APersonGetsFortyFiveMessagesAtOnceAndThenOneEverySixSecondsAndNobodyElseWaits()
    {
        var client = await system.Console.OnboardAsync();

        await system.QueueAsync(client, people: 1, each: 47, "talkative");

        await Eventually.TrueAsync("45 are sent", async () => (await system.Sandbox.SendsToAsync("talkative ")).Count >= 45);
        await system.QueueAsync(client, people: 1, each: 1, "patient");
        await Eventually.TrueAsync("the other is sent", async () => (await system.Sandbox.SendsToAsync("patient ")).Count == 1);
        await DoneAsync(client);
        var moments = (await system.Sandbox.SendsToAsync("talkative ")).Select(At).ToList();
        moments.Count.ShouldBe(47);
        // The first token that is borrowed is given back six seconds after the first message, the second after twelve.
        (moments[45] - moments[0]).ShouldBeGreaterThan(TimeSpan.FromSeconds(5.5));
        (moments[46] - moments[0]).ShouldBeGreaterThan(TimeSpan.FromSeconds(11.5));
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE client_id = $1 AND action = 'send_attempt'", client.Client.Id.Value)).ShouldBe(48);
    }

    [Fact]
    public async Task AConversationWhosePairHasNoTokenIsNotClaimed()
    {
        var client = await system.Console.OnboardAsync();
        await PausedAsync(client, TimeSpan.FromHours(1));
        await system.QueueAsync(client, people: 1, each: 2, "held");
        await system.QueryAsync<object>("SELECT hold_pairs(ARRAY[(SELECT id FROM conversations WHERE client_id = $1)], ARRAY[interval '1 hour'])", client.Client.Id.Value);
        await PausedAsync(client, TimeSpan.Zero);

        await Eventually.TrueAsync("put off to the moment", async () => await system.QueryAsync<bool>(
            "SELECT bool_and(attempts = 0) AND max(run_at) FILTER (WHERE NOT waits) > now() + interval '59 min' FROM jobs WHERE kind = 'Deliver'"));
        (await system.Sandbox.SendsToAsync("held ")).ShouldBeEmpty();
        var free = await system.QueryAsync<DateTime>("SELECT pair_free_at(id) FROM conversations WHERE client_id = $1", client.Client.Id.Value);
        (await system.QueryAsync<DateTime>("SELECT run_at FROM jobs WHERE NOT waits AND kind = 'Deliver'")).ShouldBe(free, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task APairThatTheProviderSlowsDownWaitsAsAWhole()
    {
        var client = await system.Console.OnboardAsync();
        var to = "15550100100";
        await system.Sandbox.FaultAsync(new JsonObject { ["code"] = 131056, ["count"] = 1, ["match"] = new JsonObject { ["to"] = to } });
        var first = await system.Mcp(client.Token).ResultAsync("send_message", new { channel = client.Channel.Name, to, text = "slow one" });
        await Eventually.TrueAsync("refused for the pair", async () => await system.QueryAsync<string>("SELECT last_error FROM jobs WHERE kind = 'Deliver'") == "pair_limit:131056");

        (await system.QueryAsync<bool>(
            "SELECT pair_free_at(order_key) = run_at FROM jobs WHERE kind = 'Deliver'")).ShouldBeTrue("the pair's row is pushed as far as the job");
        await MessageTests.StateAsync(system.Mcp(client.Token), first.GetProperty("messageId").GetString()!, "read");
    }

    [Fact]
    public async Task AWorkerThatStopsGivesBackAtOnceWhatItHasNotTaken()
    {
        var client = await system.Console.OnboardAsync();
        await system.Sandbox.SettingsAsync(new { responseDelayMs = 300 });
        await system.QueueAsync(client, people: 60, each: 2, "stop");
        await Eventually.TrueAsync("some are on their way", async () => (await system.Sandbox.SendsToAsync("stop ")).Count > 5);

        await system.WorkerApplication.StopAsync();

        (await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Deliver' AND lease_id IS NOT NULL")).ShouldBe(0);
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE direction = 'Outbound' AND state IN ('Sending', 'Unknown')")).ShouldBe(0);
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE direction = 'Outbound' AND state = 'Queued'"))
            .ShouldBe(await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Deliver'"));
        (await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Deliver' AND attempts > 0")).ShouldBe(0);
    }

    [Fact]
    public async Task AnOperatorPacesANumber()
    {
        var client = await system.Console.OnboardAsync();
        (await system.Console.RunAsync((PaceChannel verb) => verb.ExecuteAsync(client.Channel.Name, 1000, default))).MessagesPerSecond.ShouldBe(1000);
        (await system.QueryAsync<int>("SELECT messages_per_second FROM channels WHERE id = $1", client.Channel.Id.Value)).ShouldBe(1000);
        (await system.QueryAsync<string>("SELECT metadata->>'messages_per_second' FROM audit_log WHERE action = 'channel_paced'")).ShouldBe("1000");
    }

    private static DateTimeOffset At(JsonElement request) => request.GetProperty("at").GetDateTimeOffset();

    private static string Text(JsonElement request) => request.GetProperty("body").GetProperty("text").GetProperty("body").GetString()!;

    private Task<object?> PausedAsync(TestClient client, TimeSpan pause) => system.QueryAsync<object>(
        "INSERT INTO pacing VALUES ('number:' || $1::text, now() + $2) ON CONFLICT (subject) DO UPDATE SET tat = excluded.tat", client.Channel.Id.Value, pause);

    private Task DoneAsync(TestClient client) => Eventually.TrueAsync("every job is done", async () =>
        await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Deliver' AND client_id = $1", client.Client.Id.Value) == 0);

    // In the order in which they were queued; whatever the provider has taken is "sent".
    private async Task<string[]> StatesAsync(TestClient client) => (await system.QueryAsync<string[]>(
        """
        SELECT array_agg(CASE WHEN state IN ('Sent', 'Delivered', 'Read') THEN 'sent' ELSE concat_ws(' ', state, error_code) END
            ORDER BY regexp_replace(body, '\D', '', 'g')::int)
        FROM messages WHERE client_id = $1 AND direction = 'Outbound'
        """,
        client.Client.Id.Value))!;
}
