using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Npgsql;
using WaMcp.Benchmarks.Delivery;

namespace WaMcp.Benchmarks.Webhooks;

/// <summary><c>bench webhooks</c>: deliveries of a provider from their arrival to the acknowledgement, which comes after the commit.</summary>
internal sealed class WebhooksCommand : Command
{
    private readonly Option<int> rate = new("--rate") { Description = "Deliveries that arrive in a second: Meta's worst case for one upgraded number.", DefaultValueFactory = _ => 4_000 };
    private readonly Option<int> seconds = new("--seconds") { Description = "How long they arrive; a third of it where each has its own commit.", DefaultValueFactory = _ => 60 };
    private readonly Option<string> delay = new("--fsync-delay") { Description = "By how much each fsync of Postgres is slowed: 1ms, 500us, 0. Needs a C compiler.", DefaultValueFactory = _ => "1ms" };
    private readonly Option<int> connections = new("--connections") { Description = "The provider's connections.", DefaultValueFactory = _ => 128 };
    private readonly Option<int> largeEach = new("--large-each") { Description = "Every so many deliveries is a large one; 0: none.", DefaultValueFactory = _ => 100 };
    private readonly Option<int> updates = new("--updates") { Description = "Updates in a large one; the others have one.", DefaultValueFactory = _ => 100 };
    private readonly Option<int> writers = new("--writers") { Description = "Connections that commit side by side, where each delivery has its own commit.", DefaultValueFactory = _ => 16 };
    private readonly Option<int> peak = new("--peak") { Description = "Seconds for the highest rate of each, one delivery after the other on each connection; 0: not measured.", DefaultValueFactory = _ => 10 };

    public WebhooksCommand()
        : base(
            "webhooks",
            "Signed deliveries arrive at a fixed rate at the real server over a Postgres whose disk is slowed; no worker runs beside it. Says how long each took from the moment "
            + "at which it was to arrive until it was acknowledged, and what processor time each process took; beside the same with one commit for each delivery.")
    {
        Add(rate);
        Add(seconds);
        Add(delay);
        Add(connections);
        Add(largeEach);
        Add(updates);
        Add(writers);
        Add(peak);
        SetAction(RunAsync);
    }

    private async Task RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var slow = await SlowSync.BuildAsync(Time(parsed.GetValue(delay)!), cancellationToken);
        await using var postgres = await BenchPostgres.StartAsync(slow.Environment, cancellationToken);
        var (durable, lazy) = await slow.MeasureAsync(postgres, cancellationToken);
        Print($"control: a commit takes {durable:0.00} ms on this disk with {parsed.GetValue(delay)} more for each fsync, {lazy:0.00} ms when it does not wait for the disk");

        Console.WriteLine($"{"commit",-28}  {"came/s",7}  {"200/s",7}  {"p50 ms",8}  {"p99 ms",8}  {"max ms",8}  {"commits/s",9}  {"not 200",7}  {"left",7}");
        var span = TimeSpan.FromSeconds(parsed.GetValue(seconds));
        var together = await MeasureAsync(parsed, postgres, "group", [], span, cancellationToken);
        var one = await MeasureAsync(parsed, postgres, "one each, one connection", [("Inbox:MaxBatch", "1")], span / 3, cancellationToken);
        var side = parsed.GetValue(writers).ToString(CultureInfo.InvariantCulture);
        var many = await MeasureAsync(
            parsed, postgres, $"one each, {side} connections", [("Inbox:MaxBatch", "1"), ("Inbox:Writers", side)], span / 3, cancellationToken);
        if (parsed.GetValue(peak) > 0)
        {
            Print($"highest rate: {together:N0}/s in groups, {one:N0}/s one each ({together / one:0.0} x), {many:N0}/s one each over {side} connections ({together / many:0.0} x)");
        }
    }

    // A server of its own for each, warm before it is measured. Returns the highest rate.
    private async Task<double> MeasureAsync(
        ParseResult parsed, BenchPostgres postgres, string name, (string Key, string Value)[] settings, TimeSpan span, CancellationToken cancellationToken)
    {
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        await using var server = await BenchProgram.StartAsync("WaMcp.Server", BenchProgram.FreePort(), Settings(postgres, secret, settings), cancellationToken);
        using var load = new WebhookLoad(server.Address, SignedRequests.Build(secret, parsed.GetValue(largeEach), parsed.GetValue(updates)), parsed.GetValue(connections));
        await load.ConnectAsync(cancellationToken);
        var perSecond = parsed.GetValue(rate);
        await load.RunAsync(perSecond / 4, TimeSpan.FromSeconds(5), cancellationToken);
        await load.RunAsync(perSecond / 2, TimeSpan.FromSeconds(5), cancellationToken);
        await EmptyAsync(postgres, cancellationToken);

        var usage = await Usage.NowAsync(server, postgres, cancellationToken);
        var result = await load.RunAsync(perSecond, span, cancellationToken);
        var used = (await Usage.NowAsync(server, postgres, cancellationToken)) - usage;
        var refused = result.Refusals.Values.Sum();
        Print($"{name,-28}  {perSecond,7:N0}  {result.PerSecond,7:N0}  {result.Percentile(0.5),8:0.00}  {result.Percentile(0.99),8:0.00}  {result.Percentile(1),8:0.0}  {used.CommitsPerSecond,9:N0}  {refused,7:N0}  {result.Left,7:N0}");
        Print($"    {used}");
        if (result.PerSecond < perSecond * 0.99)
        {
            Print($"    {used.Bound}");
        }

        await EmptyAsync(postgres, cancellationToken);
        var highest = parsed.GetValue(peak) == 0 ? 0 : (await load.RunAsync(0, TimeSpan.FromSeconds(parsed.GetValue(peak)), cancellationToken)).PerSecond;
        await EmptyAsync(postgres, cancellationToken);
        return highest;
    }

    private static async Task EmptyAsync(BenchPostgres postgres, CancellationToken cancellationToken)
    {
        await postgres.ExecuteAsync("TRUNCATE webhook_events, jobs", cancellationToken);
        await postgres.ExecuteAsync("CHECKPOINT", cancellationToken);
    }

    private static Dictionary<string, string?> Settings(BenchPostgres postgres, string secret, (string Key, string Value)[] more)
    {
        var settings = BenchProgram.Settings(postgres); // the platform's secret is not looked up in Redis
        settings["meta_app_secret"] = secret;
        foreach (var (key, value) in more)
        {
            settings[key] = value;
        }

        return settings;
    }

    private static TimeSpan Time(string text) =>
        text.EndsWith("us", StringComparison.Ordinal) ? TimeSpan.FromMicroseconds(Number(text[..^2]))
        : text.EndsWith("ms", StringComparison.Ordinal) ? TimeSpan.FromMilliseconds(Number(text[..^2]))
        : text == "0" ? TimeSpan.Zero : throw new ArgumentException("--fsync-delay must be like 1ms, 500us or 0.");

    private static double Number(string text) => double.Parse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>What was used up to a moment, or between two. Commits are those that wrote: each has a transaction id, and readers have none.</summary>
    private sealed record Usage(TimeSpan At, TimeSpan Server, TimeSpan Postgres, TimeSpan Load, TimeSpan Machine, long Commits)
    {
        public double CommitsPerSecond => Commits / At.TotalSeconds;

        public string Bound => Machine / At > Environment.ProcessorCount * 0.9
            ? "the processors are the bound: all of them are busy" : "the commits are the bound: the processors are not all busy";

        public static Usage operator -(Usage later, Usage earlier) => new(
            later.At - earlier.At, later.Server - earlier.Server, later.Postgres - earlier.Postgres, later.Load - earlier.Load,
            later.Machine - earlier.Machine, later.Commits - earlier.Commits);

        public static async Task<Usage> NowAsync(BenchProgram server, BenchPostgres postgres, CancellationToken cancellationToken)
        {
            await using var connection = new NpgsqlConnection(postgres.Owner);
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand("SELECT txid_snapshot_xmax(txid_current_snapshot())", connection);
            return new(
                Stopwatch.GetElapsedTime(0), ProcessorTime.Of(server.ProcessId), ProcessorTime.Of(postgres.ProcessId, withChildren: true),
                ProcessorTime.Of(Environment.ProcessId), ProcessorTime.OfMachine(), (long)(await command.ExecuteScalarAsync(cancellationToken))!);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"server {Percent(Server):0} % of a core, postgres {Percent(Postgres):0} %, the load itself {Percent(Load):0} %, the machine {Percent(Machine):0} % of {Environment.ProcessorCount * 100} %");

        private double Percent(TimeSpan time) => time / At * 100;
    }
}
