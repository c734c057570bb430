using System.Globalization;
using Npgsql;
using WaMcp.Tests.Data;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using Xunit.Abstractions;

namespace WaMcp.Tests.Webhooks;

/// <summary>
/// Receiving under load while servers, workers, backends and all of Postgres are killed: what was acknowledged is there, once. The control loses some.
/// </summary>
/// <remarks>
/// Every acknowledged delivery is looked for among the raw ones, byte for byte. One in 50 is for the number that two clients are granted, and their
/// messages are checked one by one. Nobody is granted the number of the others: recording a hundred thousand messages for each client takes longer than
/// this test may. What waits of those to be taken apart at the end is put off, once it is certain that each still has its job.
/// </remarks>
[Collection(nameof(AloneCollection))] // it wants both cores, and would take them from others
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Enough = 100_000;
    private const int Senders = 64;

    private readonly int seed = Environment.GetEnvironmentVariable("WAMCP_KILL_SEED") is { } given
        ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next(1_000_000);

    private enum Victim
    {
        Server,
        OtherServer,
        Backend,
        Postgres,
        Worker,
    }

    [Fact]
    public async Task WhatWasAcknowledgedIsThereOnceWhateverIsKilled()
    {
        await using var postgres = await LocalPostgres.RunAsync();
        await using var system = await WaMcpSystem.StartProcessesAsync(postgres, ("WhatsApp:Timeout", "00:00:02"), ("Jobs:Lease", "00:00:20"), ("Jobs:Receiving", "6"));
        var other = await system.AddServerProcessAsync();
        var clients = new[] { await system.Console.OnboardAsync(), await system.Console.OnboardAsync() };
        await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);
        using var senders = new KillSenders([system.Server, other.Address], seed);

        var started = DateTimeOffset.UtcNow;
        var killing = KillAsync(postgres, system, other, senders);
        var sending = senders.RunAsync(Senders, () => killing.IsCompletedSuccessfully && senders.Count >= Enough);
        var killed = await killing;
        await sending;

        output.WriteLine($"seed {seed}; killed: {string.Join(", ", killed.CountBy(victim => victim).OrderBy(count => count.Key).Select(count => $"{count.Value} x {count.Key}"))}");
        output.WriteLine($"{senders.Count:N0} acknowledged by {Senders} senders in {(DateTimeOffset.UtcNow - started).TotalSeconds:0} s; answers: {senders.Answers}");
        await VerifyRawAsync(system, senders);
        await RecordedAsync(system);
        foreach (var client in clients)
        {
            await VerifyMessagesAsync(system, client, senders);
        }

        output.WriteLine($"all of it checked after {(DateTimeOffset.UtcNow - started).TotalSeconds:0} s");
    }

    [Fact]
    public async Task WithoutSynchronousCommitSomeOfWhatWasAcknowledgedIsGone()
    {
        await using var postgres = await LocalPostgres.RunAsync();
        await using var system = await WaMcpSystem.StartProcessesAsync(postgres);
        await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);
        await AskAsync<object>(system, "ALTER SYSTEM SET synchronous_commit = off");
        await AskAsync<bool>(system, "SELECT pg_reload_conf()");
        using var senders = new KillSenders([system.Server], seed);

        var killing = KillPostgresAsync();
        var sending = senders.RunAsync(Senders, () => killing.IsCompletedSuccessfully);
        await killing;
        await sending;

        var lost = senders.Acknowledged.Except((await StoredAsync(system)).Keys).ToList();
        output.WriteLine($"{senders.Count:N0} acknowledged, {lost.Count:N0} of them lost; answers: {senders.Answers}");
        lost.ShouldNotBeEmpty("or the other test could not fail");

        async Task KillPostgresAsync()
        {
            for (var kill = 0; kill < 3; kill++)
            {
                await AcknowledgedAsync(senders, senders.Count + 1_000);
                await postgres.KillAsync();
                await postgres.StartAsync();
            }
        }
    }

    // As a deck of cards: how often each is fixed, when is not.
    private async Task<List<Victim>> KillAsync(LocalPostgres postgres, WaMcpSystem system, ProgramProcess other, KillSenders senders)
    {
        var random = new Random(seed);
        List<Victim> deck =
        [
            .. Enumerable.Repeat(Victim.Server, 3), .. Enumerable.Repeat(Victim.OtherServer, 3), .. Enumerable.Repeat(Victim.Backend, 5),
            .. Enumerable.Repeat(Victim.Postgres, 4), .. Enumerable.Repeat(Victim.Worker, 3),
        ];
        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(deck));
        var starting = new Dictionary<ProgramProcess, Task>();
        for (var kill = 0; kill < deck.Count; kill++)
        {
            await AcknowledgedAsync(senders, Enough / (deck.Count + 1) * (kill + random.NextDouble()));
            switch (deck[kill])
            {
                case Victim.Server:
                    await KillProgramAsync(system.ServerProcess!);
                    break;
                case Victim.OtherServer:
                    await KillProgramAsync(other);
                    break;
                case Victim.Worker:
                    await KillProgramAsync(system.WorkerProcess!);
                    break;
                case Victim.Backend:
                    await KillBackendAsync(system, random);
                    break;
                default:
                    await postgres.KillAsync();
                    await postgres.StartAsync();
                    break;
            }
        }

        await Task.WhenAll(starting.Values);
        return deck;

        // Starts again while other things are killed.
        async Task KillProgramAsync(ProgramProcess program)
        {
            if (starting.TryGetValue(program, out var before))
            {
                await before;
            }

            await program.KillAsync();
            starting[program] = program.StartAsync();
        }
    }

    private static Task AcknowledgedAsync(KillSenders senders, double atLeast) => Eventually.TrueAsync(
        $"{atLeast:0} are acknowledged", () => Task.FromResult(senders.Count >= atLeast), TimeSpan.FromMinutes(2));

    // One of a program's; Postgres then throws all of them out and recovers.
    private static Task KillBackendAsync(WaMcpSystem system, Random random) => Eventually.TrueAsync("a backend is killed", async () =>
    {
        try
        {
            var backends = await MigratedDatabase.ReadAsync<int>(
                system.Database.Owner, $"SELECT pid FROM pg_stat_activity WHERE usename = '{MigratedDatabase.AppRole}' ORDER BY backend_start");
            if (backends.Count > 0)
            {
                ChildProcess.Send(backends[random.Next(backends.Count)], Signal.Kill);
            }

            return backends.Count > 0;
        }
        catch (NpgsqlException)
        {
            return false; // it is starting just now
        }
    });

    private async Task VerifyRawAsync(WaMcpSystem system, KillSenders senders)
    {
        await Eventually.TrueAsync("Postgres is up", () => IsUpAsync(system));
        var stored = await StoredAsync(system);
        output.WriteLine($"{stored.Values.Sum():N0} raw deliveries stored, {stored.Count:N0} different ones");
        senders.Acknowledged.Except(stored.Keys).ShouldBeEmpty("they were acknowledged and are gone");
        stored.Keys.Except(senders.Acknowledged).ShouldBeEmpty("nobody sent them");
        (await AskAsync<long>(
            system,
            """
            SELECT count(*) FROM webhook_events event
            WHERE (fanned_out_at IS NULL) <> EXISTS (SELECT FROM jobs WHERE kind = 'FanOut' AND subject_id = event.id AND dead_at IS NULL)
            """)).ShouldBe(0, "each is taken apart or has its job, and not both");
    }

    private async Task RecordedAsync(WaMcpSystem system)
    {
        // Those that nobody is granted; and what a dead worker held comes back when its leases run out: moved rather than waited for.
        var putOff = await AskAsync<long>(
            system,
            $"""
            WITH put_off AS (
                UPDATE jobs SET run_at = now() + interval '1 day' FROM webhook_events event
                WHERE kind = 'FanOut' AND lease_id IS NULL AND event.id = subject_id AND position('{ConsoleDriver.SalesNumber}'::bytea IN body) > 0
                RETURNING subject_id),
            back AS (UPDATE jobs SET run_at = now() WHERE lease_id IS NOT NULL)
            SELECT count(*) FROM put_off
            """);
        output.WriteLine($"{putOff:N0} that concern nobody were still to be taken apart");
        await Eventually.TrueAsync(
            "what concerns clients is recorded",
            async () => await AskAsync<long>(system, "SELECT count(*) FROM jobs WHERE kind IN ('FanOut', 'Receive') AND run_at < now() + interval '1 hour'") == 0,
            TimeSpan.FromMinutes(2));
        (await AskAsync<long>(system, "SELECT count(*) FROM jobs WHERE dead_at IS NOT NULL")).ShouldBe(0);
    }

    private async Task VerifyMessagesAsync(WaMcpSystem system, TestClient client, KillSenders senders)
    {
        var ids = await MigratedDatabase.ReadAsync<string>(
            system.Database.Owner, $"SELECT provider_message_id FROM messages WHERE client_id = '{client.Client.Id.Value}' AND direction = 'Inbound'");
        var expected = senders.Acknowledged.Where(KillDeliveries.IsGranted).SelectMany(KillDeliveries.Ids).ToHashSet();
        output.WriteLine($"{ids.Count:N0} messages of a client, of {expected.Count:N0} that were acknowledged");
        ids.Count.ShouldBe(ids.Distinct().Count(), "none twice");
        expected.Except(ids).ShouldBeEmpty("acknowledged and gone");
        ids.Except(expected).ShouldBeEmpty("nobody sent them");
    }

    /// <summary>The raw deliveries by their numbers, and how often each is there.</summary>
    private static async Task<Dictionary<int, int>> StoredAsync(WaMcpSystem system)
    {
        var numbers = (await MigratedDatabase.ReadAsync<byte[]>(system.Database.Owner, "SELECT body FROM webhook_events"))
            .ConvertAll(body => KillDeliveries.NumberOf(body));
        numbers.ShouldNotContain((int?)null, "a raw delivery that nobody sent, or not so");
        return numbers.CountBy(number => number!.Value).ToDictionary();
    }

    private static async Task<bool> IsUpAsync(WaMcpSystem system)
    {
        try
        {
            return await AskAsync<bool>(system, "SELECT NOT pg_is_in_recovery()");
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    // A Postgres that was killed left connections that do not know it.
    private static async Task<T?> AskAsync<T>(WaMcpSystem system, string sql) => (await MigratedDatabase.ReadAsync<T>(system.Database.Owner, sql)).FirstOrDefault();
}
