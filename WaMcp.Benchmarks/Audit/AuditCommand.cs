using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Benchmarks.Audit;

/// <summary><c>bench audit</c>: audit rows with their chain, as a server writes them, against a plain COPY of the same rows.</summary>
internal sealed class AuditCommand : Command
{
    private readonly Option<int> rows = new("--rows") { Description = "Rows in a round.", DefaultValueFactory = _ => 300_000 };
    private readonly Option<int> rounds = new("--rounds") { Description = "Rounds of each, taking turns.", DefaultValueFactory = _ => 5 };

    public AuditCommand()
        : base("audit", "Audit rows with batches and digests through the queue, against plain COPY into an equal table without batches.")
    {
        Add(rows);
        Add(rounds);
        SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(rows), parsed.GetValue(rounds), cancellationToken));
    }

    private static async Task RunAsync(int rows, int rounds, CancellationToken cancellationToken)
    {
        await using var postgres = await BenchPostgres.StartAsync(cancellationToken);
        await postgres.ExecuteAsync("CREATE TABLE audit_plain (LIKE audit_log INCLUDING ALL); GRANT INSERT ON audit_plain TO wa_app", cancellationToken);
        await using var database = NpgsqlDataSource.Create(postgres.App);
        var records = Enumerable.Range(0, rows).Select(Record).ToArray();
        var plain = new PlainCopy(database, [.. records.Take(rows).Select(AuditRow.Of)]);
        await plain.RunAsync(Math.Min(rows, 20_000), cancellationToken); // both once, so that everything is compiled
        await ChainedAsync(database, records.AsMemory(0, Math.Min(rows, 20_000)), cancellationToken);

        Console.WriteLine($"{rows:N0} rows a round\n{"round",5}  {"plain COPY, rows/s",20}  {"with chain, rows/s",20}  {"ratio",6}");
        var ratios = new List<double>();
        for (var round = 1; round <= rounds; round++)
        {
            await postgres.ExecuteAsync("TRUNCATE audit_log, audit_batches, audit_unsealed, audit_plain; CHECKPOINT", cancellationToken);
            var copied = await RateAsync(rows, () => plain.RunAsync(rows, cancellationToken));
            await postgres.ExecuteAsync("CHECKPOINT", cancellationToken);
            var chained = await RateAsync(rows, () => ChainedAsync(database, records, cancellationToken));
            ratios.Add(chained / copied);
            Console.WriteLine($"{round,5}  {copied,20:N0}  {chained,20:N0}  {chained / copied,6:0.00}");
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median ratio {ratios.Order().ElementAt(ratios.Count / 2):0.00}"));
    }

    private static async Task<double> RateAsync(int rows, Func<Task> run)
    {
        var started = Stopwatch.GetTimestamp();
        await run();
        return rows / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    // The way of a server's rows: cleaned, queued, digested, flushed, drained.
    private static async Task ChainedAsync(NpgsqlDataSource database, ReadOnlyMemory<AuditRecord> records, CancellationToken cancellationToken)
    {
        using var log = new AuditLog(database, new OptionsWrapper<AuditOptions>(new()), TimeProvider.System, NullLogger<AuditLog>.Instance);
        await log.StartAsync(cancellationToken);
        for (var index = 0; index < records.Length; index++)
        {
            await log.WriteAsync(records.Span[index]);
        }

        await log.StopAsync(cancellationToken);
    }

    private static AuditRecord Record(int number) => new()
    {
        Action = AuditAction.ToolCalled,
        Ts = DateTimeOffset.UnixEpoch.AddYears(56).AddMilliseconds(number),
        ClientId = new ClientId(new Guid(number % 100, 1, 7, 1, 2, 3, 4, 5, 6, 7, 8)),
        ApiKeyId = new ApiKeyId(new Guid(number % 500, 2, 7, 1, 2, 3, 4, 5, 6, 7, 8)),
        RequestId = $"req_{number:d26}",
        ToolName = "get_messages",
        PayloadHash = number.ToString("x64", CultureInfo.InvariantCulture),
        LatencyMs = number % 1_000 / 7.0,
        Ip = "192.0.2.7",
        UserAgent = "claude-code/2.1.0",
    };
}
