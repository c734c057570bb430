using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;

namespace WaMcp.Benchmarks.Delivery;

/// <summary><c>bench sends</c>: messages of one number from accepted to settled.</summary>
internal sealed class SendsCommand : Command
{
    private readonly Option<int> seconds = new("--seconds") { Description = "How long messages come.", DefaultValueFactory = _ => 60 };
    private readonly Option<int> rate = new("--rate") { Description = "Messages that come in a second.", DefaultValueFactory = _ => 1_000 };
    private readonly Option<int> pace = new("--pace")
    {
        Description = "The number's pace. The default is more than any number may have, so that it is not what is measured.",
        DefaultValueFactory = _ => 1_500,
    };
    private readonly Option<double> headroom = new("--headroom") { Description = "Pacing:Headroom of the worker.", DefaultValueFactory = _ => 0 };
    private readonly Option<int> concurrency = new("--concurrency") { Description = "Jobs:Concurrency of the worker.", DefaultValueFactory = _ => 512 };
    private readonly Option<int> people = new("--people") { Description = "To how many people: each gets one message every 6 seconds at most.", DefaultValueFactory = _ => 20_000 };
    private readonly Option<int> workers = new("--workers") { Description = "Worker processes.", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> statuses = new("--statuses") { Description = "Run the server as well and have the sandbox report sent, delivered and read." };

    public SendsCommand()
        : base(
            "sends",
            "Feeds messages of one number evenly into the queue and lets a worker send them to the sandbox; worker, sandbox and Postgres are processes of their own on this "
            + "machine. Says sends a second, how long a message took from accepted to settled, and what processor time each process took.")
    {
        Add(seconds);
        Add(rate);
        Add(pace);
        Add(headroom);
        Add(concurrency);
        Add(people);
        Add(workers);
        Add(statuses);
        SetAction(RunAsync);
    }

    private async Task RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (span, perSecond) = (TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(rate));
        await using var postgres = await BenchPostgres.StartAsync(cancellationToken);
        var feed = new MessageFeed(postgres.Owner, parsed.GetValue(people));
        await feed.PrepareAsync(parsed.GetValue(pace), cancellationToken);
        var serverPort = BenchProgram.FreePort();
        var settings = Settings(postgres, parsed, serverPort);
        await using var sandbox = await BenchProgram.StartAsync("WaMcp.Sandbox", BenchProgram.FreePort(), settings, cancellationToken);
        settings["WhatsApp:GraphUrl"] = sandbox.Address.ToString();
        using (var http = new HttpClient())
        {
            var behaviour = new { enforceWindow = false, statuses = parsed.GetValue(statuses) ? new[] { "sent", "delivered", "read" } : [] };
            (await http.PutAsJsonAsync(new Uri(sandbox.Address, "/control/whatsapp/settings"), behaviour, cancellationToken)).EnsureSuccessStatusCode();
        }

        await using var server = parsed.GetValue(statuses)
            ? await BenchProgram.StartAsync("WaMcp.Server", serverPort, settings, cancellationToken) : null;
        var running = new List<BenchProgram>();
        try
        {
            while (running.Count < parsed.GetValue(workers))
            {
                running.Add(await BenchProgram.StartAsync("WaMcp.Worker", BenchProgram.FreePort(), settings, cancellationToken));
            }

            await feed.RunAsync(Math.Min(perSecond, 500), TimeSpan.FromSeconds(10), cancellationToken); // so that it is compiled
            await feed.EmptyAsync(cancellationToken);
            await feed.AnalyzeAsync(cancellationToken);
            await feed.RunAsync(Math.Min(perSecond, 500), TimeSpan.FromSeconds(10), cancellationToken);
            await feed.EmptyAsync(cancellationToken);
            await MeasureAsync(feed, perSecond, span, Cpu, cancellationToken);
        }
        finally
        {
            foreach (var worker in running)
            {
                await worker.DisposeAsync();
            }
        }

        (string, TimeSpan)[] Cpu() =>
        [
            ("worker", running.Aggregate(TimeSpan.Zero, (sum, worker) => sum + ProcessorTime.Of(worker.ProcessId))),
            ("sandbox", ProcessorTime.Of(sandbox.ProcessId)),
            .. server is null ? Array.Empty<(string, TimeSpan)>() : [("server", ProcessorTime.Of(server.ProcessId))],
            ("postgres", ProcessorTime.Of(postgres.ProcessId, withChildren: true)),
            ("this", ProcessorTime.Of(Environment.ProcessId)),
        ];
    }

    private static async Task MeasureAsync(
        MessageFeed feed, int perSecond, TimeSpan span, Func<(string Name, TimeSpan Time)[]> cpu, CancellationToken cancellationToken)
    {
        var before = cpu();
        var started = Stopwatch.GetTimestamp();
        await feed.RunAsync(perSecond, span, cancellationToken);
        var fed = Stopwatch.GetElapsedTime(started);
        var waiting = await feed.EmptyAsync(cancellationToken);
        var took = Stopwatch.GetElapsedTime(started);
        var after = cpu();
        var (count, p50, p99, busiest) = await feed.ResultAsync(cancellationToken);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count:N0} messages fed in {fed.TotalSeconds:0.0} s ({waiting:N0} were left then), all settled after {took.TotalSeconds:0.0} s: {count / took.TotalSeconds:N0} sends/s, "
            + $"{busiest:N0} in the busiest second\naccepted to settled: p50 {p50 * 1_000:0} ms, p99 {p99 * 1_000:0} ms"));
        foreach (var (each, earlier) in after.Zip(before))
        {
            var time = each.Time - earlier.Time;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{each.Name,-8}  {time / took * 100,4:0} % of a core, {time.TotalMicroseconds / count,5:0} us a message"));
        }
    }

    private Dictionary<string, string?> Settings(BenchPostgres postgres, ParseResult parsed, int serverPort)
    {
        var settings = BenchProgram.Settings(postgres);
        settings["Pacing:Headroom"] = parsed.GetValue(headroom).ToString(CultureInfo.InvariantCulture);
        settings["Jobs:Concurrency"] = parsed.GetValue(concurrency).ToString(CultureInfo.InvariantCulture);
        if (parsed.GetValue(statuses))
        {
            settings["Sandbox:WhatsApp:CallbackUrl"] = $"http://127.0.0.1:{serverPort}/webhooks/whatsapp";
        }

        return settings;
    }
}
