using System.Collections.Concurrent;
using Npgsql;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Worker;

public sealed class CrashTests
{
    private const int Sends = 150;
    private const int Writes = 150;

    [Fact]
    public async Task WhatWasAcceptedIsThereOnceAfterServerAndWorkerWereKilled()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        await system.Sandbox.SettingsAsync(new { enforceWindow = false, responseDelayMs = 20, webhookDelayMs = 5, retry = new { firstMs = 50, maxMs = 500 } });
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        var accepted = new ConcurrentBag<string>();
        var written = new ConcurrentBag<string>();

        var sending = SendAsync(system, client, accepted);
        var writing = WriteAsync(system, written);
        await Eventually.TrueAsync("work is in flight", () => Task.FromResult(accepted.Count > Sends / 5 && written.Count > Writes / 5));
        await system.WorkerProcess!.KillAsync();
        await system.ServerProcess!.KillAsync();
        await system.ServerProcess.StartAsync();
        await system.WorkerProcess.StartAsync();
        await sending;
        await writing;

        await SettledAsync(system, client);
        await EverySendHappenedAtMostOnceAsync(system, client, accepted);
        foreach (var wamid in written)
        {
            await Eventually.TrueAsync($"{wamid} is there once", async () => await system.QueryAsync<long>(
                "SELECT count(*) FROM messages WHERE client_id = $1 AND provider_message_id = $2", client.Client.Id.Value, wamid) == 1);
        }
    }

    [Fact]
    public async Task AWorkerThatWasFrozenPastItsLeaseDoesNotOverwriteItsRescuer()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        await system.Sandbox.SettingsAsync(new { responseDelayMs = 1500 });
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        var id = (await mcp.ResultAsync("send_message", new { channel = client.Channel.Name, to = "+15550100100", text = "frozen" }))
            .GetProperty("messageId").GetString()!;
        await Eventually.TrueAsync("the provider has it", async () => (await system.Sandbox.SendsToAsync(id)).Count == 1);
        system.WorkerProcess!.Freeze();
        // The lease runs out: moved here rather than waited for. Somebody else takes the job and settles it.
        await system.QueryAsync<object>("UPDATE jobs SET lease_id = gen_random_uuid(), run_at = now() + interval '1 hour', last_error = 'rescued' WHERE kind = 'Deliver'");
        system.WorkerProcess.Continue();

        await Eventually.TrueAsync("the provider's status", async () => await system.QueryAsync<string>("SELECT state FROM messages") == "Read");
        (await system.QueryAsync<string>("SELECT last_error FROM jobs WHERE kind = 'Deliver'")).ShouldBe("rescued");
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'send_success'")).ShouldBe(0);
    }

    [Fact]
    public async Task AWorkerThatWasFrozenWhileItSettledDoesNotOverwriteItsRescuer()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        await system.Sandbox.SettingsAsync(new { enforceWindow = false, statuses = Array.Empty<string>(), responseDelayMs = 1500 });
        var client = await system.Console.OnboardAsync();
        await system.QueueAsync(client, people: 5, each: 1, "frozen");
        await Eventually.TrueAsync("on their way", async () => await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE state = 'Sending'") == 5);
        await using (var rescuer = new NpgsqlConnection(system.Database.Owner + ";Pooling=false"))
        {
            await rescuer.OpenAsync();
            await using var rescue = new NpgsqlCommand(
                "BEGIN; UPDATE jobs SET lease_id = gen_random_uuid(), run_at = now() + interval '1 hour', last_error = 'rescued' WHERE kind = 'Deliver'", rescuer);
            await rescue.ExecuteNonQueryAsync();
            await Eventually.TrueAsync("the worker settles and waits for the jobs", async () => await system.QueryAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE OF job%'") > 0);
            system.WorkerProcess!.Freeze();
            await using var commit = new NpgsqlCommand("COMMIT", rescuer);
            await commit.ExecuteNonQueryAsync();
        }

        system.WorkerProcess.Continue();

        await Eventually.TrueAsync("the worker has seen it", async () => await system.QueryAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' OR wait_event_type = 'Lock'") == 0);
        await system.WorkerProcess.StopAsync(); // finishes whatever it would do
        (await system.QueryAsync<string[]>("SELECT array_agg(DISTINCT state) FROM messages")).ShouldBe(["Sending"]);
        (await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE last_error = 'rescued'")).ShouldBe(5);
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'send_success'")).ShouldBe(0);
    }

    private static Task SendAsync(WaMcpSystem system, TestClient client, ConcurrentBag<string> accepted) => Parallel.ForEachAsync(
        Enumerable.Range(0, Sends),
        new ParallelOptions { MaxDegreeOfParallelism = 8 },
        async (number, _) =>
        {
            try
            {
                var answer = await system.Mcp(client.Token)
                    .CallAsync("send_message", new { channel = client.Channel.Name, to = $"+155502{number % 50:00000}", text = $"crash {number}" });
                if (!answer.IsError)
                {
                    accepted.Add(answer.Structured.GetProperty("messageId").GetString()!);
                }
            }
            catch (HttpRequestException)
            {
                // Nobody told the agent that this one was accepted.
            }
        });

    private static Task WriteAsync(WaMcpSystem system, ConcurrentBag<string> written) => Parallel.ForEachAsync(
        Enumerable.Range(0, Writes),
        new ParallelOptions { MaxDegreeOfParallelism = 4 },
        async (number, _) => written.Add(await system.Sandbox.WriteAsync($"crash {number}")));

    private static async Task SettledAsync(WaMcpSystem system, TestClient client)
    {
        // What the dead worker held comes back when its leases run out; moved here rather than waited for.
        await system.QueryAsync<object>("UPDATE jobs SET run_at = now() WHERE lease_id IS NOT NULL");
        await Eventually.TrueAsync(
            "every send is settled",
            async () => await system.QueryAsync<long>(
                "SELECT count(*) FROM messages WHERE client_id = $1 AND direction = 'Outbound' AND state NOT IN ('Read', 'Unknown')",
                client.Client.Id.Value) == 0,
            TimeSpan.FromSeconds(60));
    }

    private static async Task EverySendHappenedAtMostOnceAsync(WaMcpSystem system, TestClient client, ConcurrentBag<string> accepted)
    {
        var stored = await system.QueryAsync<string[]>(
            "SELECT array_agg(id::text || ' ' || state) FROM messages WHERE client_id = $1 AND direction = 'Outbound'", client.Client.Id.Value);
        var states = stored!.Select(row => row.Split(' ')).ToDictionary(
            row => new WaMcp.Domain.Messages.MessageId(Guid.Parse(row[0])).ToString(), row => row[1]);
        var requests = (await system.Sandbox.SendsToAsync("msg_"))
            .GroupBy(request => request.GetProperty("body").GetProperty("biz_opaque_callback_data").GetString()!)
            .ToDictionary(group => group.Key, group => group.Count());

        accepted.Except(states.Keys).ShouldBeEmpty("an accepted message is gone");
        requests.Values.ShouldAllBe(count => count == 1, "a message was sent twice");
        states.Where(state => state.Value == "Read").Select(state => state.Key).Except(requests.Keys).ShouldBeEmpty("read but never sent");
        // What the provider took is settled by its status; only what never reached it may stay unknown.
        states.Where(state => state.Value == "Unknown").Select(state => state.Key).Intersect(requests.Keys).ShouldBeEmpty("taken but unknown");
    }
}
