using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Worker;

public sealed class QueueTests
{
    private const int Many = 100_000;

    [Fact]
    public async Task AHundredThousandJobsOfOneClientDoNotHoldUpAnothersOne()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var busy = await system.Console.OnboardAsync();
        var quiet = await system.Console.OnboardAsync();
        await system.QueryAsync<object>(
            """
            INSERT INTO jobs (id, kind, client_id, channel_id, subject_id, run_at)
            SELECT gen_random_uuid(), 'Deliver', $1, $2, gen_random_uuid(), now() FROM generate_series(1, $3)
            """,
            busy.Client.Id.Value, busy.Channel.Id.Value, Many);

        await MessageTests.StateAsync(system.Mcp(quiet.Token), await SendAsync(system, quiet, "among many"), "read");

        (await QueuedAsync(system, busy)).ShouldBeGreaterThan(Many * 9 / 10, "the other client's are still to be done");
    }

    [Fact]
    public async Task MessagesOfAConversationLeaveInTheOrderInWhichTheyWereAcceptedWhoeverSendsThem()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        await system.AddWorkerProcessAsync();
        await system.AddWorkerProcessAsync();
        await system.Sandbox.SettingsAsync(new { responseDelayMs = 15 });
        var client = await system.Console.OnboardAsync();
        string[] customers = [await CustomerAsync(system), await CustomerAsync(system), await CustomerAsync(system)];
        const int each = 15;
        for (var number = 0; number < each; number++)
        {
            foreach (var customer in customers)
            {
                await SendAsync(system, client, $"{customer} number {number}.", customer);
            }
        }

        await Eventually.TrueAsync("everything is sent", async () => await QueuedAsync(system, client) == 0);

        foreach (var customer in customers)
        {
            var sent = (await system.Sandbox.SendsToAsync($"{customer} number")).Select(Text).ToList();
            sent.ShouldBe(Enumerable.Range(0, each).Select(number => $"{customer} number {number}."));
        }
    }

    [Fact]
    public async Task APostponedMessageHoldsUpItsOwnConversationAndNoOther()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var client = await system.Console.OnboardAsync();
        var (held, free) = (await CustomerAsync(system), await CustomerAsync(system));
        await system.Sandbox.FaultAsync(new JsonObject { ["code"] = 130429, ["count"] = 1, ["match"] = new JsonObject { ["to"] = held } });
        var first = await SendAsync(system, client, "order one", held);
        await Eventually.TrueAsync("put off", async () => (await system.Sandbox.SendsToAsync(first)).Count == 1);
        var second = await SendAsync(system, client, "order two", held);
        var other = await SendAsync(system, client, "order other", free);

        await MessageTests.StateAsync(system.Mcp(client.Token), second, "read");

        (await MessageTests.StateAsync(system.Mcp(client.Token), other, "read")).GetProperty("state").GetString().ShouldBe("read");
        (await system.Sandbox.SendsToAsync("order ")).Select(Text).ShouldBe(["order one", "order other", "order one", "order two"]);
    }

    [Fact]
    public async Task SendsThatWaitForTheProviderDoNotDelayWhatComesIn()
    {
        await using var system = await WaMcpSystem.StartAsync(null, ("Jobs:Concurrency", "1"), ("WhatsApp:Timeout", "00:00:10"));
        var client = await system.Console.OnboardAsync();
        var slow = await CustomerAsync(system);
        await system.Sandbox.FaultAsync(new JsonObject { ["mode"] = "hang", ["count"] = 1, ["match"] = new JsonObject { ["to"] = slow } });
        var id = await SendAsync(system, client, "slow", slow);
        await MessageTests.StateAsync(system.Mcp(client.Token), id, "sending");

        var wamid = await system.Sandbox.WriteAsync("meanwhile");

        await Eventually.TrueAsync("recorded", async () => await system.QueryAsync<long>(
            "SELECT count(*) FROM messages WHERE client_id = $1 AND provider_message_id = $2", client.Client.Id.Value, wamid) == 1);
        (await system.QueryAsync<string>("SELECT state FROM messages WHERE client_id = $1 AND direction = 'Outbound'", client.Client.Id.Value))
            .ShouldBe("Sending");
    }

    [Fact]
    public async Task ANumberWhoseProviderDoesNotAnswerHoldsUpNoOther()
    {
        const int places = 8;
        await using var system = await WaMcpSystem.StartAsync(null, ("Jobs:Concurrency", $"{places}"), ("WhatsApp:Timeout", "00:00:20"));
        var (client, other) = (await system.Console.OnboardAsync(), await system.Console.OnboardAsync(ConsoleDriver.SalesNumber));
        await system.Sandbox.SettingsAsync(new { enforceWindow = false });
        await system.Sandbox.FaultAsync(new JsonObject
        {
            ["mode"] = "hang",
            ["count"] = 3 * places,
            ["match"] = new JsonObject { ["phoneNumberId"] = client.Channel.ProviderId },
        });
        await system.QueueAsync(client, people: 3 * places, each: 1, "hangs");
        await Eventually.TrueAsync("as many hang as may", async () => await SendingAsync() == places / 2);

        await MessageTests.StateAsync(system.Mcp(other.Token), await SendAsync(system, other, "at once"), "read");

        (await SendingAsync()).ShouldBe(places / 2);

        Task<long> SendingAsync() => system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1 AND state = 'Sending'", client.Client.Id.Value);
    }

    [Fact]
    public async Task ANumberSendsNoFasterThanItMayAndSlowsDownNoOther()
    {
        const int rate = 5;
        const int count = 20;
        await using var system = await WaMcpSystem.StartProcessesAsync();
        await system.AddWorkerProcessAsync();
        await system.AddWorkerProcessAsync();
        var (client, other) = (await system.Console.OnboardAsync(), await system.Console.OnboardAsync(ConsoleDriver.SalesNumber));
        await system.QueryAsync<object>("UPDATE channels SET messages_per_second = $1 WHERE id = $2", rate, client.Channel.Id.Value);
        await system.QueryAsync<object>("INSERT INTO pacing (subject, tat) VALUES ('number:' || $1::text, now() + interval '1 hour')", client.Channel.Id.Value);
        for (var customer = 0; customer < count; customer++)
        {
            await SendAsync(system, client, "in good time", await CustomerAsync(system));
        }

        await system.Sandbox.WriteAsync("hello", phoneNumberId: ConsoleDriver.SalesNumber);
        await MessageTests.StateAsync(system.Mcp(other.Token), await SendAsync(system, other, "at once"), "read");
        (await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Deliver' AND client_id = $1 AND attempts = 0", client.Client.Id.Value))
            .ShouldBe(count, "what may not be sent yet is not even claimed");

        await system.QueryAsync<object>("UPDATE pacing SET tat = now()");
        await Eventually.TrueAsync("everything is sent", async () => await QueuedAsync(system, client) == 0);
        var moments = (await system.Sandbox.SendsToAsync("in good time")).Select(request => request.GetProperty("at").GetDateTimeOffset()).ToList();
        moments.Count.ShouldBe(count);
        // Between claim and request a busy machine may take a moment, so the span as a whole is what counts.
        (moments[^1] - moments[0]).ShouldBeGreaterThan(TimeSpan.FromSeconds((count - 3d) / rate));
    }

    private static Task<long> QueuedAsync(WaMcpSystem system, TestClient client) =>
        system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE kind = 'Deliver' AND client_id = $1", client.Client.Id.Value);

    private static string Text(JsonElement request) =>
        request.GetProperty("body").GetProperty("text").GetProperty("body").GetString()!;

    private static async Task<string> SendAsync(WaMcpSystem system, TestClient client, string text, string to = "15550100100")
    {
        var message = await system.Mcp(client.Token).ResultAsync("send_message", new { channel = client.Channel.Name, to, text });
        return message.GetProperty("messageId").GetString()!;
    }

    // Somebody who has just written, so that the service window is open.
    private static async Task<string> CustomerAsync(WaMcpSystem system)
    {
        var phone = (15_550_000_000 + Random.Shared.NextInt64(1_000_000, 9_999_999)).ToString(CultureInfo.InvariantCulture);
        await system.Sandbox.WriteAsync("hello", from: phone);
        return phone;
    }
}
