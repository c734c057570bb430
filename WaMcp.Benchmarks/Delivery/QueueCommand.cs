using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;
using Npgsql;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Limits;

namespace WaMcp.Benchmarks.Delivery;

/// <summary><c>bench queue</c>: how fast the queue empties when its jobs cost nothing.</summary>
internal sealed class QueueCommand : Command
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private readonly Option<int> jobs = new("--jobs") { Description = "Jobs in a round of batches.", DefaultValueFactory = _ => 100_000 };
    private readonly Option<int> clients = new("--clients") { Description = "Clients who take turns.", DefaultValueFactory = _ => 10 };
    private readonly Option<int> batch = new("--batch") { Description = "Jobs in a claim.", DefaultValueFactory = _ => 500 };
    private readonly Option<int> workers = new("--workers") { Description = "Who claim side by side.", DefaultValueFactory = _ => 1 };
    private readonly Option<int> rounds = new("--rounds") { Description = "Rounds of each, taking turns.", DefaultValueFactory = _ => 3 };
    private readonly Option<bool> ordered = new("--ordered")
    {
        Description = "Jobs of conversations, two each, that are done in order; as sends are. Without it jobs without an order, as receiving has.",
    };

    public QueueCommand()
        : base(
            "queue",
            "Burns down a queue of jobs that do nothing: claimed in batches and completed in batches under their leases, as the Worker does, against one by one. "
            + "Says jobs a second of both, and the ratio. The one by one rounds have a fiftieth of the jobs.")
    {
        Add(jobs);
        Add(clients);
        Add(batch);
        Add(workers);
        Add(rounds);
        Add(ordered);
        SetAction(RunAsync);
    }

    private async Task RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (count, size, side) = (parsed.GetValue(jobs), parsed.GetValue(batch), parsed.GetValue(workers));
        await using var postgres = await BenchPostgres.StartAsync(cancellationToken);
        await using var database = NpgsqlDataSource.Create(postgres.App);
        var queue = new JobQueue(database, new OptionsWrapper<PacingOptions>(new()));
        await FillAsync(postgres, 1_000, parsed.GetValue(clients), parsed.GetValue(ordered), cancellationToken);
        await BurnAsync(database, queue, size, side, cancellationToken); // both once, so that everything is compiled

        Console.WriteLine($"{count:N0} jobs a round, {size} a claim, {side} at once\n{"round",5}  {"one by one, jobs/s",20}  {"batches, jobs/s",20}  {"ratio",6}");
        var rates = new List<double>();
        for (var round = 1; round <= parsed.GetValue(rounds); round++)
        {
            await FillAsync(postgres, count / 50, parsed.GetValue(clients), parsed.GetValue(ordered), cancellationToken);
            var single = await BurnAsync(database, queue, 1, side, cancellationToken);
            await FillAsync(postgres, count, parsed.GetValue(clients), parsed.GetValue(ordered), cancellationToken);
            rates.Add(await BurnAsync(database, queue, size, side, cancellationToken));
            Console.WriteLine($"{round,5}  {single,20:N0}  {rates[^1],20:N0}  {rates[^1] / single,6:0.0}");
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median {rates.Order().ElementAt(rates.Count / 2):N0} jobs/s"));
    }

    // Kind Receive: what is sent is paced, and this is about the queue.
    private static async Task FillAsync(BenchPostgres postgres, int count, int clients, bool ordered, CancellationToken cancellationToken)
    {
        await postgres.ExecuteAsync(
            $"""
            TRUNCATE jobs;
            INSERT INTO clients (id, slug, display_name, is_owner, created_at)
            SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'client-' || n, 'Client', false, now() FROM generate_series(1, {clients}) n
            ON CONFLICT DO NOTHING;
            INSERT INTO jobs (id, kind, client_id, subject_id, run_at, order_key)
            SELECT gen_random_uuid(), 'Receive', ('00000000-0000-7000-8000-' || lpad((n % {clients} + 1)::text, 12, '0'))::uuid, gen_random_uuid(), now(),
                {(ordered ? $"('00000000-0000-7000-9000-' || lpad((n % {Math.Max(count / 2, 1)})::text, 12, '0'))::uuid" : "NULL")}
            FROM generate_series(1, {count}) n
            """,
            cancellationToken);
        await postgres.ExecuteAsync("VACUUM ANALYZE jobs", cancellationToken);
        await postgres.ExecuteAsync("CHECKPOINT", cancellationToken);
    }

    private static async Task<double> BurnAsync(
        NpgsqlDataSource database, JobQueue queue, int batch, int workers, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var done = await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(database, queue, batch, cancellationToken))));
        return done.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<int> WorkAsync(NpgsqlDataSource database, JobQueue queue, int batch, CancellationToken cancellationToken)
    {
        var done = 0;
        while (await queue.ClaimAsync([JobKind.Receive], batch, Lease, JobShares.Unlimited, cancellationToken) is { Count: > 0 } claimed)
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await HeldJobs.HoldAsync(connection, claimed, Lease, wait: false, cancellationToken);
            await HeldJobs.CompleteAsync(connection, claimed, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            done += claimed.Count;
        }

        return done;
    }
}
