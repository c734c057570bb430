using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using WaMcp.Domain.Messages;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Worker;

/// <summary>
/// A thousand sends while workers and Postgres are killed and connections cut, at chosen steps and at random. What the provider saw (the sandbox
/// records every request) is held against what the database says.
/// </summary>
public sealed class CrashMatrixTests : IAsyncLifetime
{
    private const int People = 125;
    private const int Each = 8;
    private const int Cap = 950;
    private const int Kills = 52;
    private const int Workers = 3;

    private readonly List<ProgramProcess> workers = [];
    private readonly Dictionary<ProgramProcess, Task> starting = [];
    private LocalPostgres postgres = null!;
    private WaMcpSystem system = null!;
    private TestClient client = null!;

    public async Task InitializeAsync()
    {
        postgres = await LocalPostgres.RunAsync();
        system = await WaMcpSystem.StartProcessesAsync(postgres, ("WhatsApp:Timeout", "00:00:02"), ("Jobs:Lease", "00:00:20"), ("Jobs:Concurrency", "16"));
        workers.Add(system.WorkerProcess!);
        while (workers.Count < Workers)
        {
            workers.Add(await system.AddWorkerProcessAsync());
        }

        await system.Sandbox.SettingsAsync(new { enforceWindow = false, responseDelayMs = 50, retry = new { firstMs = 50, maxMs = 500 } });
        client = await system.Console.OnboardAsync(dailyCap: Cap);
    }

    public async Task DisposeAsync()
    {
        await system.DisposeAsync();
        await postgres.DisposeAsync();
    }

    [Fact]
    public async Task NothingIsSentTwiceNothingIsLostAndTheCapsAreExactWhateverIsKilled()
    {
        // As slow as lets the sends last for all the kills.
        await AskAsync<object>("UPDATE channels SET messages_per_second = 18");
        await FaultAsync("drop_after", 40);
        await FaultAsync("drop_before", 20);
        await system.QueueAsync(client, People, Each, "matrix");

        for (var kill = 0; kill < Kills; kill++)
        {
            await KillAsync(kill);
            if (kill % 20 == 10)
            {
                await Task.WhenAll(starting.Values);
                await FreezeAsync(workers[kill % Workers]);
                await postgres.KillAsync();
                await postgres.StartAsync();
            }
        }

        await Task.WhenAll(starting.Values);
        await AskAsync<object>("UPDATE channels SET messages_per_second = 1000");
        await Eventually.TrueAsync(
            "every job is done", async () => await AskAsync<long>("SELECT count(*) FROM jobs") == 0, TimeSpan.FromSeconds(90));
        await VerifyAsync();
    }

    private async Task VerifyAsync()
    {
        var requests = (await system.Sandbox.SendsToAsync("matrix "))
            .GroupBy(request => request.GetProperty("body").GetProperty("biz_opaque_callback_data").GetString()!).ToDictionary(group => group.Key, group => group.ToList());
        requests.Values.ShouldAllBe(sent => sent.Count == 1, "a message was sent twice");
        var reached = requests.Where(sent => sent.Value[0].TryGetProperty("wamid", out var wamid) && wamid.ValueKind == JsonValueKind.String)
            .Select(sent => sent.Key).ToHashSet();

        await Eventually.TrueAsync("the statuses are in", async () => (await StatesAsync()).Count(row => row.State == "Read") >= reached.Count);
        var states = await StatesAsync();
        states.Count.ShouldBe(People * Each, "a message is gone");
        states.Where(row => row.State == "Read").Select(row => row.Id).ShouldBe(reached, ignoreOrder: true, "what reached the provider, and nothing else, is read");
        var rest = states.Where(row => row.State != "Read").ToList();
        rest.ShouldAllBe(row => row.State == "Unknown" || (row.State == "Failed" && row.Error == "daily_cap"));
        // Each kill leaves no more in doubt than a worker has on its way, and most are not killed while they are.
        rest.Count(row => row.State == "Unknown").ShouldBeLessThan(Cap / 3, "so much was in doubt that the rest says little");
        // Of a place in the caps there is one for each message that may have gone out, and not one more.
        var places = await AskAsync<long>("SELECT sum(count)::bigint FROM rate_limit_buckets WHERE subject LIKE 'daily:%'");
        places.ShouldBe(Cap);
        states.Count(row => row.State is "Read" or "Unknown").ShouldBe(Cap);

        foreach (var conversation in requests.Values.Select(sent => sent[0]).OrderBy(request => request.GetProperty("at").GetDateTimeOffset())
            .GroupBy(request => Number(request) % People)) // they were queued in turns
        {
            conversation.Select(Number).ShouldBeInOrder();
        }
    }

    // Each worker in turn; the next one while the last one starts again.
    private async Task KillAsync(int kill)
    {
        var worker = workers[kill % Workers];
        if (starting.TryGetValue(worker, out var started))
        {
            await started;
        }

        switch (kill % 4)
        {
            case 0: // in the middle of taking or settling: its audit rows wait
                await using (await LockAsync("LOCK TABLE audit_unsealed IN SHARE MODE"))
                {
                    await Eventually.TrueAsync("a worker waits for its audit rows", async () => await AskAsync<long>(
                        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'audit_unsealed'::regclass") > 0);
                    await worker.KillAsync();
                }

                break;
            case 1: // while the provider has the message
                await system.Sandbox.SettingsAsync(new { responseDelayMs = 400 });
                await Eventually.TrueAsync("a message is on its way", async () => await AskAsync<long>("SELECT count(*) FROM messages WHERE state = 'Sending'") > 2);
                await worker.KillAsync();
                await system.Sandbox.SettingsAsync(new { responseDelayMs = 50 });
                break;
            case 2: // claimed, not taken, or answered, not settled
                await using (await LockAsync("LOCK TABLE messages IN EXCLUSIVE MODE"))
                {
                    await Eventually.TrueAsync("a worker waits for its messages", async () => await AskAsync<long>(
                        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'messages'::regclass") > 0);
                    await worker.KillAsync();
                }

                break;
            default: // wherever it is
                await worker.KillAsync();
                break;
        }

        starting[worker] = worker.StartAsync();
    }

    // Past its leases: they are moved rather than waited for, and somebody else takes what it has, except for rows that it has locked.
    private async Task FreezeAsync(ProgramProcess worker)
    {
        worker.Freeze();
        await AskAsync<object>(
            """
            UPDATE jobs SET run_at = now() - interval '1 hour' FROM (SELECT id FROM jobs WHERE kind = 'Deliver' AND lease_id IS NOT NULL FOR UPDATE SKIP LOCKED) held
            WHERE jobs.id = held.id
            """);
        await Eventually.TrueAsync("its jobs are rescued", async () => await AskAsync<long>(
            "SELECT count(*) FROM (SELECT FROM jobs WHERE kind = 'Deliver' AND lease_id IS NOT NULL AND run_at < now() FOR UPDATE SKIP LOCKED) free") == 0);
        worker.Continue();
    }

    private async Task<IAsyncDisposable> LockAsync(string sql)
    {
        var connection = new NpgsqlConnection(system.Database.Owner + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; {sql}", connection);
        await command.ExecuteNonQueryAsync();
        return connection; // closing it rolls back
    }

    private Task FaultAsync(string mode, int count) => system.Sandbox.FaultAsync(new JsonObject { ["mode"] = mode, ["count"] = count });

    private async Task<List<(string Id, string State, string? Error)>> StatesAsync()
    {
        var rows = await AskAsync<string[]>("SELECT array_agg(concat_ws(' ', id, state, error_code)) FROM messages WHERE direction = 'Outbound'");
        return [.. rows!.Select(row => row.Split(' ')).Select(row => (new MessageId(Guid.Parse(row[0])).ToString(), row[1], row.ElementAtOrDefault(2)))];
    }

    // A Postgres that was killed left connections that do not know it.
    private async Task<T?> AskAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(system.Database.Owner + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is { } value and not DBNull ? (T)value : default;
    }

    private static int Number(JsonElement request) => int.Parse(
        request.GetProperty("body").GetProperty("text").GetProperty("body").GetString()!.Split(' ', '.')[1], CultureInfo.InvariantCulture);
}
