using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using ModelContextProtocol;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Drivers;
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
    public async Task SomebodyWhomOnlyWeWroteToMeanwhileCanBeWaitedFor()
    {
        var talk = await Talk.BeginAsync(system);
        var waiting = talk.Mcp.ResultAsync("wait_for_reply", new { channel = talk.Channel, person = talk.Phone, timeoutSeconds = 120 });
        await WaitingAsync(1);
        await talk.SendAsync("send_template", new { name = "hello_world" }); // a conversation, of which nobody who waits is told
        await system.Sandbox.WriteAsync("thank you", talk.Phone);
        Texts(await waiting).ShouldBe(["thank you"]);
    }

    [Fact]
    public async Task WhoWaitsForTheOldIdOfAPersonGetsTheirReply()
    {
        var client = await system.Console.OnboardAsync();
        var (webhooks, mcp) = (new WebhookDriver(system), system.Mcp(client.Token));
        var (oldUser, newUser) = (WebhookDriver.User(), WebhookDriver.User());
        await webhooks.WriteAsync(WebhookDriver.Text("before", null, oldUser));
        await webhooks.WriteAsync(WebhookDriver.Message(
            $$$"""{"type":"system","system":{"body":"changed","type":"user_changed_user_id","user_id":"{{{newUser}}}","previous_user_id":"{{{oldUser}}}"}}""", null, newUser));
        await webhooks.DoneAsync();
        await system.QueryAsync<object>( // as a change of ids leaves it, whatever the provider's document of it is
            """
            WITH known AS (UPDATE contacts SET provider_user_id = $2 WHERE client_id = $1 AND provider_user_id IN ($2, $3) RETURNING *)
            INSERT INTO contact_aliases (id, client_id, channel_id, kind, value, contact_id, until, created_at)
            SELECT gen_random_uuid(), client_id, channel_id, 'User', $3, id, now(), now() FROM known ON CONFLICT DO NOTHING
            """,
            client.Client.Id.Value, newUser, oldUser);

        (await mcp.ResultAsync("get_contact", new { channel = client.Channel.Name, person = oldUser })).GetProperty("userId").GetString().ShouldBe(newUser);
        var heard = await mcp.ResultAsync("wait_for_reply", new { channel = client.Channel.Name, person = oldUser, timeoutSeconds = 120 });
        Texts(heard).ShouldBe(["before"]);
    }

    [Fact]
    public async Task WhoWaitsWhileTwoBecomeOneGetsTheReply()
    {
        var client = await system.Console.OnboardAsync();
        var (webhooks, mcp) = (new WebhookDriver(system), system.Mcp(client.Token));
        var (user, phone) = (WebhookDriver.User(), WebhookDriver.Phone());
        await webhooks.WriteAsync(WebhookDriver.Text("known by an id", null, user));
        await webhooks.DoneAsync();
        // It is not sent, or its status would say that the number is somebody else's.
        await system.Sandbox.FaultAsync(new JsonObject { ["match"] = new JsonObject { ["to"] = phone }, ["mode"] = "error", ["code"] = 131047 });
        await mcp.ResultAsync("send_template", new { channel = client.Channel.Name, to = phone, name = "hello_world" });
        (await system.QueryAsync<long>("SELECT count(*) FROM conversations WHERE client_id = $1", client.Client.Id.Value)).ShouldBe(2);
        var waiting = mcp.ResultAsync("wait_for_reply", new { channel = client.Channel.Name, person = phone, timeoutSeconds = 5 });
        await WaitingAsync(1);
        await webhooks.WriteAsync(WebhookDriver.Text("it is me", phone, user));
        await webhooks.DoneAsync();
        var answer = await waiting;
        if (answer.GetProperty("timedOut").GetBoolean())
        {
            answer = await mcp.ResultAsync("wait_for_reply", new { channel = client.Channel.Name, person = phone, timeoutSeconds = 5 }); // it was over before
        }

        Texts(answer).ShouldContain("it is me");
        answer.GetProperty("conversationId").GetString().ShouldBe(
            Written.Id(await system.QueryAsync<Guid>("SELECT id FROM conversations WHERE client_id = $1", client.Client.Id.Value)));
    }

    [Theory]
    [InlineData("key")]
    [InlineData("client")]
    [InlineData("grant")]
    public async Task WhatComesAfterTheRightsWereTakenBackIsNotHandedOver(string taken)
    {
        var talk = await Talk.OpenAsync(system);
        var sent = await talk.SendAsync("send_message", new { text = "Hello?" });
        var conversation = await system.QueryAsync<Guid>(
            "SELECT conversation_id FROM messages WHERE client_id = $1 AND direction = 'Outbound'", talk.Client.Client.Id.Value);
        var waiting = talk.Mcp.CallAsync("wait_for_reply", new { conversationId = sent.GetProperty("conversationId").GetString(), timeoutSeconds = 120 });
        await WaitingAsync(1);
        await (taken switch
        {
            "key" => (Task)system.Console.RevokeAsync(talk.Client.Key),
            "client" => system.Console.EnableAsync(talk.Client.Client, false),
            _ => system.Console.RevokeGrantAsync(talk.Client.Client, talk.Client.Channel),
        });
        await Written.MessageAsync(system, conversation, "for those who may"); // recorded a moment before, whoever hears of it
        await system.QueryAsync<object>("SELECT pg_notify('wamcp_inbound', $1::text)", conversation);

        var answer = await waiting;
        answer.Reason.ShouldBe(taken == "grant" ? "not_found" : "auth_failed");
        answer.Body.ShouldNotContain("for those who may");
        (await system.QueryAsync<bool>("SELECT has_unread FROM conversations WHERE id = $1", conversation)).ShouldBeTrue();
    }

    [Fact]
    public async Task AServerThatStopsSaysSoToThoseWhoWait()
    {
        await using var stopping = await WaMcpSystem.StartAsync();
        var talk = await Talk.OpenAsync(stopping);
        await talk.SendAsync("send_message", new { text = "Hello?" });
        var since = (await talk.Mcp.ResultAsync("wait_for_reply", new { channel = talk.Channel, person = talk.Phone, timeoutSeconds = 1 })).GetProperty("cursor").GetString();
        var waiting = talk.Mcp.ResultAsync("wait_for_reply", new { channel = talk.Channel, person = talk.Phone, since, timeoutSeconds = 300 });
        var services = stopping.ServerApplication.Services;
        await Eventually.TrueAsync("it waits", () => Task.FromResult(services.GetRequiredService<InboundWatch>().Count == 1));
        services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        var answer = await waiting;
        answer.GetProperty("timedOut").GetBoolean().ShouldBeTrue();
        answer.GetProperty("cursor").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task TheAuditRowNamesTheChannelOfTheConversation()
    {
        var client = await system.Console.OnboardAsync();
        var conversation = await Written.ConversationAsync(system, client.Client.Id.Value, client.Channel.Id.Value);
        await system.Mcp(client.Token).ResultAsync("get_messages", new { conversationId = Written.Id(conversation) });
        (await Eventually.GetAsync(
            "its audit row",
            () => system.QueryAsync<string>("SELECT coalesce(channel_id::text, '') FROM audit_log WHERE client_id = $1 AND tool_name = 'get_messages'", client.Client.Id.Value),
            channel => channel is not null)).ShouldBe(client.Channel.Id.Value.ToString());
    }

    [Fact]
    public void NobodyWaitsForEverybody()
    {
        var client = new ClientId(Guid.NewGuid());
        var channel = new ChannelId(Guid.NewGuid());
        using var watch = new InboundWatch(null!, TimeProvider.System, NullLogger<InboundWatch>.Instance);
        var waits = Enumerable.Range(0, InboundWatch.MostForSomebodyNew).Select(_ => watch.Enter(client, channel)).ToList();
        Should.Throw<Fault>(() => watch.Enter(client, channel)).Code.ShouldBe(FaultCode.RateLimited);
        waits.Add(watch.Enter(client, new ConversationId(Guid.NewGuid())));
        waits.AddRange(Enumerable.Range(watch.Count, InboundWatch.MostOfAll - watch.Count)
            .Select(n => watch.Enter(new ClientId(new Guid(n / 500, 0, 0, new byte[8])), new ConversationId(Guid.NewGuid()))));
        Should.Throw<Fault>(() => watch.Enter(new ClientId(Guid.NewGuid()), new ConversationId(Guid.NewGuid()))).Code.ShouldBe(FaultCode.RateLimited);
        waits.ForEach(wait => wait.Dispose());
        watch.Count.ShouldBe(0);
        watch.Enter(client, channel).Dispose();
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
