using Npgsql;
using WaMcp.Domain;
using WaMcp.Domain.Duties;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Retention;

/// <summary>What runs once a day, whatever happens to the Workers.</summary>
public sealed class DutyTests
{
    private const string Due = "SELECT due_at FROM duties WHERE name = 'prune-messages'";

    [Fact]
    public async Task ADutyRunsAtItsTimeAndAMissedDayIsCaughtUpOnce()
    {
        var clock = new ShiftedClock();
        await using var system = await WaMcpSystem.StartWithClockAsync(clock, null, ("Duties:At", "04:30:00"));
        var first = await Eventually.GetAsync("the duties are noted", () => system.QueryAsync<DateTime>(Due), due => due != default);
        first.TimeOfDay.ShouldBe(new TimeSpan(4, 30, 0));
        first.ShouldBeInRange(DateTime.UtcNow, DateTime.UtcNow.AddDays(1));
        (await RunsAsync(system)).ShouldBe(0);

        clock.Advance(TimeSpan.FromDays(1));
        await Eventually.TrueAsync("it ran", async () => await system.QueryAsync<DateTime>(Due) == first.AddDays(1));
        clock.Advance(TimeSpan.FromDays(5));
        await Eventually.TrueAsync("it ran again", async () => await system.QueryAsync<DateTime>(Due) == first.AddDays(6));

        (await RunsAsync(system)).ShouldBe(2);
    }

    [Fact]
    public async Task TwoWorkersRunItOnceAndARestartedOneDoesNotRunItAgain()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        await system.AddWorkerProcessAsync();
        for (var run = 1; run <= 20; run++)
        {
            (await system.Console.RunDutyAsync(Duty.PruneMessages)).Error.ShouldBeNull();
        }

        (await RunsAsync(system)).ShouldBe(20);
        (await system.QueryAsync<DateTime>(Due)).ShouldBeGreaterThan(DateTime.UtcNow);

        await system.WorkerProcess!.KillAsync();
        await system.WorkerProcess.StartAsync();
        await system.Console.RunDutyAsync(Duty.PruneMessages);
        (await RunsAsync(system)).ShouldBe(21);
    }

    [Fact]
    public async Task ARunThatIsKilledIsDoneByWhoeverComesNext()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        await using (await HeldUpAsync(system))
        {
            await AskAsync(system);
            await UnderWayAsync(system);
            await system.WorkerProcess!.KillAsync();
        }

        (await RunsAsync(system)).ShouldBe(0);
        await system.WorkerProcess.StartAsync();

        await Eventually.TrueAsync("it ran", async () => await RunsAsync(system) == 1);
        (await system.QueryAsync<DateTime>(Due)).ShouldBeGreaterThan(DateTime.UtcNow);
    }

    [Fact]
    public async Task ARunThatIsInterruptedByAStopSaysSoAndIsDueAtOnce()
    {
        await using var system = await WaMcpSystem.StartAsync();
        await using (await HeldUpAsync(system))
        {
            await AskAsync(system);
            await UnderWayAsync(system);
            await system.WorkerApplication.StopAsync();
        }

        (await system.QueryAsync<string>("SELECT error_code FROM audit_log WHERE action = 'messages_pruned'")).ShouldBe("stopped");
        (await system.QueryAsync<DateTime>(Due)).ShouldBeLessThanOrEqualTo(DateTime.UtcNow);
    }

    [Fact]
    public async Task WhoeverAsksDuringARunGetsAnotherOne()
    {
        await using var system = await WaMcpSystem.StartAsync();
        Task<Duty> asked;
        await using (await HeldUpAsync(system))
        {
            await AskAsync(system);
            await UnderWayAsync(system);
            asked = system.Console.RunDutyAsync(Duty.PruneMessages);
            await Eventually.TrueAsync("it was asked for", async () => await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'duty_requested'") == 1);
        }

        (await asked).Error.ShouldBeNull();
        (await RunsAsync(system)).ShouldBe(2);
    }

    [Fact]
    public async Task AFailedRunIsARowTooAndIsTriedAgainAfterAWhile()
    {
        var clock = new ShiftedClock();
        await using var system = await WaMcpSystem.StartWithClockAsync(clock);
        await system.Database.ReadAsync<object>("REVOKE DELETE ON rate_limit_buckets FROM wa_app");

        var failed = await system.Console.RunDutyAsync(Duty.PruneMessages);

        failed.Error.ShouldBe("PostgresException");
        failed.DueAt.ShouldBeLessThan(DateTimeOffset.UtcNow.AddMinutes(61));
        (await system.QueryAsync<string>("SELECT error_code FROM audit_log WHERE action = 'messages_pruned'")).ShouldBe("internal_error");
        await system.Database.ReadAsync<object>("GRANT DELETE ON rate_limit_buckets TO wa_app");
        clock.Advance(TimeSpan.FromMinutes(61));
        await Eventually.TrueAsync("it ran", async () => await system.QueryAsync<bool>("SELECT ended_at > $1 AND error IS NULL FROM duties WHERE name = 'prune-messages'", failed.EndedAt!.Value));
    }

    [Fact]
    public async Task ADutyThatNobodyKnowsIsNotFound()
    {
        await using var system = await WaMcpSystem.StartAsync();

        (await Should.ThrowAsync<Fault>(() => system.Console.RunDutyAsync("dishes"))).Code.ShouldBe(FaultCode.NotFound);
    }

    private static Task<long> RunsAsync(WaMcpSystem system) => system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'messages_pruned'");

    private static async Task AskAsync(WaMcpSystem system)
    {
        await Eventually.TrueAsync("the duties are noted", async () => await system.QueryAsync<DateTime>(Due) != default);
        await system.QueryAsync<object>("UPDATE duties SET due_at = now() WHERE name = 'prune-messages'");
    }

    // Its own row says that it has begun: others read the counters as well, and so wait for them.
    private static Task UnderWayAsync(WaMcpSystem system) =>
        Eventually.TrueAsync("a run is held up", () => system.QueryAsync<bool>(
            """
            SELECT started_at > coalesce(ended_at, '-infinity') AND EXISTS (
                SELECT FROM pg_locks
                WHERE NOT granted AND relation = 'rate_limit_buckets'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
            FROM duties WHERE name = 'prune-messages'
            """));

    // Until it is disposed of, no run comes past the counters.
    private static async Task<NpgsqlConnection> HeldUpAsync(WaMcpSystem system)
    {
        var connection = new NpgsqlConnection(system.Database.Owner + ";Pooling=false");
        await connection.OpenAsync();
        await using var hold = new NpgsqlCommand("BEGIN; LOCK TABLE rate_limit_buckets", connection);
        await hold.ExecuteNonQueryAsync();
        return connection;
    }
}
