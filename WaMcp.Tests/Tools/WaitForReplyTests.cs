using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using WaMcp.Domain.Messages;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

public sealed class WaitForReplyTests(WaitForReplyTests.OwnSystem own) : IClassFixture<WaitForReplyTests.OwnSystem>
{
    private readonly WaMcpSystem system = own.System;

    private InboundWatch Watch => system.ServerApplication.Services.GetRequiredService<InboundWatch>();

    [Fact]
    public async Task WhoWaitsGetsTheReply()
    {
        var talk = await Talk.OpenAsync(system);
        var sent = await talk.SendAsync("send_message", new { text = "Which size?" });
        var conversationId = sent.GetProperty("conversationId").GetString();
        var waiting = talk.Mcp.ResultAsync("wait_for_reply", new { conversationId, timeoutSeconds = 120 });
        await WaitingAsync(1);

        await system.Sandbox.WriteAsync("Medium", talk.Phone);

        var answer = await waiting;
        answer.GetProperty("timedOut").GetBoolean().ShouldBeFalse();
        Texts(answer).ShouldBe(["Medium"]);
        await WaitingAsync(0);

        // What is there is not waited for; with the cursor it is old.
        Texts(await talk.Mcp.ResultAsync("wait_for_reply", new { channel = talk.Channel, person = talk.Phone, timeoutSeconds = 120 })).ShouldBe(["Medium"]);
        var since = answer.GetProperty("cursor").GetString();
        var again = talk.Mcp.ResultAsync("wait_for_reply", new { conversationId, since, timeoutSeconds = 120 });
        await WaitingAsync(1);
        await system.Sandbox.WriteAsync("No, large", talk.Phone);
        Texts(await again).ShouldBe(["No, large"]);
    }

    [Fact]
    public async Task SomebodyWhoNeverWroteCanBeWaitedFor()
    {
        var talk = await Talk.BeginAsync(system);
        var waiting = talk.Mcp.ResultAsync("wait_for_reply", new { channel = talk.Channel, person = $"+{talk.Phone}", timeoutSeconds = 120 });
        await WaitingAsync(1);
        await system.Sandbox.WriteAsync("somebody else", "15550100199");
        await system.Sandbox.WriteAsync("it is me", talk.Phone);
        Texts(await waiting).ShouldBe(["it is me"]);
    }

    [Fact]
    public async Task WhoWaitsInVainIsToldSo()
    {
        var talk = await Talk.OpenAsync(system);
        await talk.SendAsync("send_message", new { text = "Hello?" });
        var answer = await talk.Mcp.ResultAsync("wait_for_reply", new { channel = talk.Channel, person = talk.Phone, timeoutSeconds = 1 });
        answer.GetProperty("timedOut").GetBoolean().ShouldBeTrue();
        Texts(answer).ShouldBeEmpty();
        answer.GetProperty("cursor").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task WhoAsksIsToldThatItGoesOn()
    {
        var talk = await Talk.OpenAsync(system);
        await talk.SendAsync("send_message", new { text = "Hello?" });
        await using var mcp = await talk.Mcp.ConnectAsync();
        var told = new List<ProgressNotificationValue>();
        var result = await mcp.CallToolAsync(
            "wait_for_reply",
            new Dictionary<string, object?> { ["channel"] = talk.Channel, ["person"] = talk.Phone, ["timeoutSeconds"] = 1 },
            new Telling(told));
        result.IsError.ShouldNotBe(true);
        told.ShouldNotBeEmpty();
        told.ShouldAllBe(value => value.Total == 1);
    }

    [Fact]
    public async Task ACallThatIsGivenUpLeavesNothingBehind()
    {
        var talk = await Talk.OpenAsync(system);
        await talk.SendAsync("send_message", new { text = "Hello?" });
        await using (var mcp = await talk.Mcp.ConnectAsync())
        {
            using var patience = new CancellationTokenSource();
            var call = mcp.CallToolAsync(
                "wait_for_reply",
                new Dictionary<string, object?> { ["channel"] = talk.Channel, ["person"] = talk.Phone, ["timeoutSeconds"] = 300 },
                cancellationToken: patience.Token).AsTask();
            await WaitingAsync(1);
            await patience.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => call);
        }

        await WaitingAsync(0);
        await Eventually.TrueAsync("its audit row", async () => await system.QueryAsync<long>(
            "SELECT count(*) FROM audit_log WHERE client_id = $1 AND tool_name = 'wait_for_reply' AND error_code = 'cancelled'", talk.Client.Client.Id.Value) == 1);
    }

    [Fact]
    public async Task AListenerThatIsCutOffMissesNothing()
    {
        var talk = await Talk.OpenAsync(system);
        await talk.SendAsync("send_message", new { text = "Hello?" });
        var waiting = talk.Mcp.ResultAsync("wait_for_reply", new { channel = talk.Channel, person = talk.Phone, timeoutSeconds = 120 });
        await WaitingAsync(1);
        (await system.QueryAsync<long>(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND query IN ('LISTEN wamcp_inbound', 'SELECT') AND pid <> pg_backend_pid()
            """)).ShouldBeGreaterThan(0);
        await system.Sandbox.WriteAsync("still here", talk.Phone);
        Texts(await waiting).ShouldBe(["still here"]);
    }

    [Fact]
    public async Task ManyWhoWaitAskTheDatabaseNothingAndAllAreWoken()
    {
        const int many = 500;
        await using var postgres = await LocalPostgres.RunAsync();
        await postgres.CreateDatabaseAsync("settings"); // it is up
        await Data.MigratedDatabase.ReadAsync<object>(postgres.ConnectionString("settings"), "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
        await postgres.StopAsync();
        await postgres.StartAsync();
        await using var crowded = await WaMcpSystem.StartAsync(postgres);
        await crowded.QueryAsync<object>("CREATE EXTENSION pg_stat_statements");
        var watch = crowded.ServerApplication.Services.GetRequiredService<InboundWatch>();
        var talk = await Talk.OpenAsync(crowded);
        var conversations = new List<Guid>();
        for (var i = 0; i < many; i++)
        {
            conversations.Add(await Written.ConversationAsync(crowded, talk.Client.Client.Id.Value, talk.Client.Channel.Id.Value));
        }

        var waiting = new List<Task<JsonElement>>();
        foreach (var few in conversations.Chunk(20))
        {
            waiting.AddRange(few.Select(conversation =>
                talk.Mcp.ResultAsync("wait_for_reply", new { conversationId = Written.Id(conversation), timeoutSeconds = 300 })));
            await Eventually.TrueAsync("they wait", () => Task.FromResult(watch.Count == waiting.Count));
        }

        await Eventually.TrueAsync("each has looked once", async () => await LooksAsync() >= many);
        var before = await LooksAsync();
        // One more, whose time is over after three seconds: that long the others wait.
        await talk.SendAsync("send_message", new { text = "Hello?" });
        var vain = await talk.Mcp.ResultAsync("wait_for_reply", new { channel = talk.Channel, person = talk.Phone, timeoutSeconds = 3 });
        vain.GetProperty("timedOut").GetBoolean().ShouldBeTrue();
        (await LooksAsync()).ShouldBeLessThanOrEqualTo(before + 2, "that one's own look, and what its connection may have begun with");
        (await crowded.QueryAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN wamcp_inbound%'"))
            .ShouldBe(1);

        await crowded.QueryAsync<object>(
            """
            WITH written AS (
                INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, heard, body, state, created_at)
                SELECT gen_random_uuid(), client_id, channel_id, id, contact_id, 'Inbound', 'text', true, 'to ' || id, 'Received', now()
                FROM conversations WHERE id = ANY ($1) RETURNING conversation_id)
            SELECT count(pg_notify('wamcp_inbound', conversation_id::text)) FROM written
            """,
            (object)conversations.ToArray());
        var answers = await Task.WhenAll(waiting);
        answers.Select(answer => Texts(answer).ShouldHaveSingleItem()).ShouldBe(conversations.Select(conversation => $"to {conversation}"));
        watch.Count.ShouldBe(0);

        async Task<long> LooksAsync() => await crowded.QueryAsync<long>(
            "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements WHERE query LIKE '%look.read_until%' AND query NOT LIKE '%pg_stat_statements%'");
    }

    private Task WaitingAsync(int count) => Eventually.TrueAsync($"{count} wait", () => Task.FromResult(Watch.Count == count));

    private static string[] Texts(JsonElement answer) =>
        [.. answer.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("text").GetString()!)];

    /// <summary>A system in which nobody else waits.</summary>
    public sealed class OwnSystem : IAsyncLifetime
    {
        internal WaMcpSystem System { get; private set; } = null!;

        public async Task InitializeAsync() => System = await WaMcpSystem.StartAsync();

        public async Task DisposeAsync() => await System.DisposeAsync();
    }

    private sealed class Telling(List<ProgressNotificationValue> told) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value)
        {
            lock (told)
            {
                told.Add(value);
            }
        }
    }
}
