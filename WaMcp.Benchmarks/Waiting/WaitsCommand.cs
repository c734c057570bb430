using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using WaMcp.Benchmarks.Delivery;

namespace WaMcp.Benchmarks.Waiting;

/// <summary><c>bench waits</c>: how soon <c>wait_for_reply</c> wakes after a webhook's commit, and what those cost who wait in vain.</summary>
internal sealed class WaitsCommand : Command
{
    private readonly Option<int> waiters = new("--waiters") { Description = "How many wait, each for somebody else.", DefaultValueFactory = _ => 500 };
    private readonly Option<int> messages = new("--messages") { Description = "How many messages come, one webhook each.", DefaultValueFactory = _ => 1_000 };
    private readonly Option<int> rate = new("--rate") { Description = "Webhooks a second.", DefaultValueFactory = _ => 20 };
    private readonly Option<int> idle = new("--idle") { Description = "For how many seconds nothing comes, once without and once with those who wait.", DefaultValueFactory = _ => 15 };

    public WaitsCommand()
        : base(
            "waits",
            "Lets agents wait for replies at a server and sends webhooks; server, worker, Postgres and Redis are processes of their own on this machine. Says the time from the "
            + "webhook's 200, which comes after its commit, to the answer of the agent who waits for it, and how many transactions the database has while nothing comes.")
    {
        Add(waiters);
        Add(messages);
        Add(rate);
        Add(idle);
        SetAction(RunAsync);
    }

    private async Task RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var postgres = await BenchPostgres.StartAsync(cancellationToken);
        using var redis = new BenchRedis();
        var settings = BenchProgram.Settings(postgres, redis.Address);
        using var agents = new Agents(postgres.Owner, settings, parsed.GetValue(waiters));
        await agents.PrepareAsync(cancellationToken);
        await using var server = await BenchProgram.StartAsync("WaMcp.Server", BenchProgram.FreePort(), settings, cancellationToken);
        await using var worker = await BenchProgram.StartAsync("WaMcp.Worker", BenchProgram.FreePort(), settings, cancellationToken);
        agents.At(server.Address);
        await agents.HearAllAsync(cancellationToken); // everybody wrote once: compiled and warm

        var pause = TimeSpan.FromSeconds(parsed.GetValue(idle));
        var alone = await TransactionsAsync(postgres, pause, cancellationToken);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = agents.WaitAsync(end.Token);
        await Task.Delay(TimeSpan.FromSeconds(40), cancellationToken); // until all of them have looked, each twice, and everything is compiled
        var crowded = await TransactionsAsync(postgres, pause, cancellationToken);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{agents.Count} wait. Transactions in {pause.TotalSeconds:0} s in which nothing comes: {alone} when nobody waits, {crowded} when they do"));

        await agents.WriteAsync(parsed.GetValue(messages) / 2, parsed.GetValue(rate), cancellationToken); // warm
        var times = await agents.WriteAsync(parsed.GetValue(messages), parsed.GetValue(rate), cancellationToken);
        times.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{times.Count} replies at {parsed.GetValue(rate)}/s, from the webhook's 200 to the answer: p50 {At(0.5):0.0} ms, p99 {At(0.99):0.0} ms, longest {times[^1]:0.0} ms, "
            + $"within 100 ms {times.Count(time => time <= 100) * 100.0 / times.Count:0.0} %"));
        await end.CancelAsync();
        await waiting;

        double At(double part) => times[(int)(part * (times.Count - 1))];
    }

    private static async Task<long> TransactionsAsync(BenchPostgres postgres, TimeSpan time, CancellationToken cancellationToken)
    {
        var before = await CountAsync();
        await Task.Delay(time, cancellationToken);
        return await CountAsync() - before;

        async Task<long> CountAsync()
        {
            await using var connection = new NpgsqlConnection(postgres.Owner);
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()", connection);
            return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
    }

    /// <summary>A Redis of the benchmark's own, by the same script that development uses.</summary>
    private sealed class BenchRedis : IDisposable
    {
        private readonly string folder = Directory.CreateTempSubdirectory("wamcp-bench-redis-").FullName;
        private readonly int port = BenchProgram.FreePort();
        private readonly Process process;

        public BenchRedis() => process = Process.Start(new ProcessStartInfo(
            Path.Combine(BenchPostgres.Root, "ops", "local", "redis"), [folder, port.ToString(CultureInfo.InvariantCulture)])
        { RedirectStandardOutput = true })!;

        public string Address => $"127.0.0.1:{port}";

        public void Dispose()
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }
}
