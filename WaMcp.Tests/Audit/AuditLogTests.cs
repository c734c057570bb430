using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Audit;

/// <summary>The queue and its writer, with Postgres there and away.</summary>
public sealed class AuditLogTests : IDisposable
{
    private readonly LogLines logs = new();

    public void Dispose() => logs.Dispose();

    [Fact]
    public async Task WhatIsHandedOverIsWrittenAndTheLastBatchCloses()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        using var log = await StartAsync(audit.AsApp);
        await WriteAsync(log, 0, 3);
        await CountAsync(audit, 3); // by the interval
        await WriteAsync(log, 3, 250);
        await CountAsync(audit, 253);
        (await audit.VerifyAsync()).OpenWriters.Count.ShouldBe(1);
        await WriteAsync(log, 253, 40);

        await log.StopAsync(CancellationToken.None);

        (await audit.RowsAsync()).Select(row => row.RequestId).ShouldBe(Enumerable.Range(0, 293).Select(number => $"req_{number}"));
        var batches = await audit.BatchesAsync();
        batches[0].Count.ShouldBe(0, "a writer is known before its first row");
        batches.Count(batch => batch.Closing).ShouldBe(1);
        batches[^1].Closing.ShouldBeTrue();
        batches.Select(batch => batch.Writer).Distinct().Count().ShouldBe(1);
        (await audit.VerifyAsync()).ShouldSatisfyAllConditions(verdict => verdict.First.ShouldBeNull(), verdict => verdict.OpenWriters.ShouldBeEmpty());
        logs.Text.ShouldBeEmpty();
    }

    [Fact]
    public async Task RowsWaitForPostgresAndAreThereOnceWhenItIsBack()
    {
        await using var postgres = new LocalPostgres(fsync: false);
        await postgres.StartAsync();
        await using var audit = await AuditDatabase.CreateAsync(postgres);
        using var log = await StartAsync(audit.AsApp);
        await WriteAsync(log, 0, 150);
        await CountAsync(audit, 150);

        await postgres.StopAsync();
        await WriteAsync(log, 150, 100);
        await LoggedAsync("Audit rows cannot be written. Up to 100000 wait in memory.");
        await WriteAsync(log, 250, 6_000);
        await postgres.StartAsync();
        await CountAsync(audit, 6_250);
        await log.StopAsync(CancellationToken.None);

        (await audit.RowsAsync()).Select(row => row.RequestId).ShouldBe(Enumerable.Range(0, 6_250).Select(number => $"req_{number}"));
        (await audit.VerifyAsync()).First.ShouldBeNull();
        logs.Text.Split("cannot be written").Length.ShouldBe(2, "an outage is told once");
        logs.Text.ShouldContain("Audit rows are written again.");
    }

    [Fact]
    public async Task WhatFindsNoRoomIsCountedAndToldByTheLogItself()
    {
        await using var postgres = new LocalPostgres(fsync: false);
        await postgres.StartAsync();
        await using var audit = await AuditDatabase.CreateAsync(postgres);
        using var log = await StartAsync(audit.AsApp, new() { QueueRows = 120 });
        await postgres.StopAsync();
        await WriteAsync(log, 0, 110);
        await LoggedAsync("Audit rows cannot be written.");
        await WriteAsync(log, 110, 500);
        await LoggedAsync("Audit rows are being lost.");

        await postgres.StartAsync();
        await Eventually.TrueAsync("the gap's row", async () => (await audit.RowsAsync()).Any(row => row.Action == AuditAction.AuditGap));
        await log.StopAsync(CancellationToken.None);

        var rows = await audit.RowsAsync();
        var gap = rows.Single(row => row.Action == AuditAction.AuditGap);
        var lost = System.Text.Json.JsonDocument.Parse(gap.Metadata!).RootElement.GetProperty("rows").GetInt32();
        (rows.Count - 1 + lost).ShouldBe(610);
        lost.ShouldBeInRange(610 - 120 - 120, 500, "one queue waits, and at most as much is being written");
        logs.Text.ShouldContain($"{lost} audit rows are lost.");
        (await audit.VerifyAsync()).First.ShouldBeNull();
    }

    [Fact]
    public async Task ABatchWhoseCommitWasInDoubtIsThereOnce()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        var address = new NpgsqlConnectionStringBuilder(audit.Database.App);
        await using var proxy = new AnswerLosingProxy(address.Port);
        address.Port = proxy.Port;
        await using var database = NpgsqlDataSource.Create(address.ConnectionString);
        using var log = await StartAsync(database);
        await WriteAsync(log, 0, 100);
        await CountAsync(audit, 100);

        proxy.LoseAnswerWith("INSERT 0 1"u8);
        await WriteAsync(log, 100, 100);
        await LoggedAsync("Audit rows are written again.");
        await log.StopAsync(CancellationToken.None);

        proxy.Lost.ShouldBe(1);
        (await audit.RowsAsync()).Select(row => row.RequestId).ShouldBe(Enumerable.Range(0, 200).Select(number => $"req_{number}"));
        (await audit.VerifyAsync()).First.ShouldBeNull();
    }

    [Fact]
    public async Task ARowThatPostgresRefusesDoesNotCostTheOthers()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        await audit.TamperAsync("ALTER TABLE audit_log ADD CHECK (tool_name <> 'poison')");
        using var log = await StartAsync(audit.AsApp);
        await log.WriteAsync(AuditDatabase.Full() with { ToolName = "poison" });
        await WriteAsync(log, 1, 20);
        await log.StopAsync(CancellationToken.None);

        (await audit.RowsAsync()).Select(row => row.Action == AuditAction.AuditGap ? "gap" : row.RequestId).ShouldBe(
            [.. Enumerable.Range(1, 20).Select(number => $"req_{number}"), "gap"]);
        logs.Text.ShouldContain("An audit row was refused (23514).");
        (await audit.VerifyAsync()).First.ShouldBeNull();
    }

    [Fact]
    public async Task AStopGivesUpAfterItsLimitAndSaysWhatIsLost()
    {
        await using var postgres = new LocalPostgres(fsync: false);
        await postgres.StartAsync();
        await using var audit = await AuditDatabase.CreateAsync(postgres);
        using var log = await StartAsync(audit.AsApp, new() { DrainLimit = TimeSpan.FromMilliseconds(50) });
        await WriteAsync(log, 0, 100);
        await CountAsync(audit, 100);
        await postgres.StopAsync();
        await WriteAsync(log, 100, 150);

        await log.StopAsync(CancellationToken.None);
        await log.WriteAsync(AuditDatabase.Full());

        logs.Text.ShouldContain("150 audit rows are lost.");
        logs.Text.Split("Audit rows are being lost.").Length.ShouldBe(3, "those of the queue, and what came after the end");
        await postgres.StartAsync();
        (await audit.VerifyAsync()).OpenWriters.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task AFullQueueMakesCallersWaitForRoom()
    {
        await using var audit = await AuditDatabase.CreateAsync();
        using var log = await StartAsync(audit.AsApp, new() { QueueRows = 100 }, new NoTimers());
        await Eventually.TrueAsync("the first batch", async () => (await audit.BatchesAsync()).Count == 1);
        await using var connection = new NpgsqlConnection(audit.Database.Owner + ";Pooling=false");
        await connection.OpenAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("LOCK TABLE audit_log IN SHARE MODE", connection))
        {
            await hold.ExecuteNonQueryAsync();
        }

        await WriteAsync(log, 0, 100);
        await Eventually.TrueAsync("those are taken off the queue", async () => (await audit.Database.ReadAsync<long>(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'audit_log'::regclass")).Single() == 1);
        await WriteAsync(log, 100, 100);
        var waiting = log.WriteAsync(AuditDatabase.Full(200)).AsTask();
        waiting.IsCompleted.ShouldBeFalse();

        await transaction.CommitAsync();
        await waiting;
        await log.StopAsync(CancellationToken.None);

        (await audit.RowsAsync()).Select(row => row.RequestId).ShouldBe(Enumerable.Range(0, 201).Select(number => $"req_{number}"));
    }

    private static async Task WriteAsync(AuditLog log, int from, int count)
    {
        foreach (var number in Enumerable.Range(from, count))
        {
            await log.WriteAsync(AuditDatabase.Full(number));
        }
    }

    private static Task<long> CountAsync(AuditDatabase audit, long rows) => Eventually.GetAsync(
        $"{rows} rows", async () => (await audit.Database.ReadAsync<long>("SELECT count(*) FROM audit_log")).Single(), count => count == rows);

    private Task LoggedAsync(string line) => Eventually.TrueAsync(line, () => Task.FromResult(logs.Text.Contains(line, StringComparison.Ordinal)));

    private async Task<AuditLog> StartAsync(NpgsqlDataSource database, AuditOptions? options = null, TimeProvider? clock = null)
    {
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var log = new AuditLog(database, Options.Create(options ?? new()), clock ?? TimeProvider.System, factory.CreateLogger<AuditLog>());
        await log.StartAsync(CancellationToken.None);
        return log;
    }

    // Nobody's patience ever ends.
    private sealed class NoTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
