using System.Diagnostics;
using Microsoft.Extensions.Options;
using Npgsql;
using WaMcp.Domain;
using WaMcp.Domain.Audit;

namespace WaMcp.Worker.Duties;

/// <summary>
/// Runs what is due of the daily duties, one after the other, each once across replicas. A run that is killed is due again at once, one that
/// failed after a while; both go on where they stopped.
/// </summary>
/// <param name="duties">All there are.</param>
/// <param name="database">Remembers them.</param>
/// <param name="clock">Says what is due.</param>
/// <param name="options">When.</param>
/// <param name="logger">For runs that failed.</param>
internal sealed partial class DutyLoop(
    IEnumerable<IDuty> duties, NpgsqlDataSource database, TimeProvider clock, IOptions<DutyOptions> options, ILogger<DutyLoop> logger)
    : PeriodicService(clock)
{
    private const string Note = "INSERT INTO duties (name, due_at) SELECT name, $2 FROM unnest($1) AS name ON CONFLICT DO NOTHING";
    private const string Due = "SELECT name FROM duties WHERE due_at <= $1";

    private readonly IDuty[] all = [.. duties];
    private bool areNoted;

    protected override TimeSpan Every => options.Value.LookEvery;

    /// <summary>Runs what is due and nobody else runs.</summary>
    /// <returns>How many runs ended, well or not.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var due = await DueAsync(cancellationToken);
        var ran = 0;
        foreach (var duty in all.Where(duty => duty.Obstacle is null && due.Contains(duty.Name)))
        {
            await using var turn = await DutyTurn.TryTakeAsync(database, duty.Name, Clock.GetUtcNow(), cancellationToken);
            if (turn is not null)
            {
                await RunAsync(duty, turn, cancellationToken);
                ran++;
            }
        }

        return ran;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var duty in all.Where(duty => duty.Obstacle is not null))
        {
            LogObstacle(duty.Name, duty.Obstacle!);
        }

        return base.ExecuteAsync(stoppingToken);
    }

    protected override Task TurnAsync(CancellationToken cancellationToken) => RunOnceAsync(cancellationToken);

    protected override void Failed(Exception exception, bool again) => LogNotLooked(exception);

    private async Task<HashSet<string>> DueAsync(CancellationToken cancellationToken)
    {
        var now = Clock.GetUtcNow();
        if (!areNoted)
        {
            await using var note = database.CreateCommand(Note);
            note.Parameters.AddWithValue(all.Select(duty => duty.Name).ToArray());
            note.Parameters.AddWithValue(options.Value.Next(now));
            await note.ExecuteNonQueryAsync(cancellationToken);
            areNoted = true;
        }

        await using var look = database.CreateCommand(Due);
        look.Parameters.AddWithValue(now);
        await using var reader = await look.ExecuteReaderAsync(cancellationToken);
        var due = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            due.Add(reader.GetString(0));
        }

        return due;
    }

    private async Task RunAsync(IDuty duty, DutyTurn turn, CancellationToken cancellationToken)
    {
        using var activity = WaMcpTelemetry.Source.StartActivity($"duty {duty.Name}", ActivityKind.Internal);
        var started = Clock.GetTimestamp();
        Exception? failure = null;
        try
        {
            await duty.RunOnceAsync(turn, cancellationToken);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        var took = Clock.GetElapsedTime(started);
        var outcome = failure is null ? "ok" : cancellationToken.IsCancellationRequested ? "stopped" : "error";
        await EndAsync(duty, turn, outcome, failure, took);
        WaMcpTelemetry.DutyCompleted(duty.Name, outcome, took);
        if (outcome == "error")
        {
            activity?.SetStatus(ActivityStatusCode.Error, failure!.GetType().Name);
            LogFailed(failure!, duty.Name, options.Value.RetryAfter);
        }
        else
        {
            var counts = turn.Counts.ToJsonString();
            LogEnded(duty.Name, outcome, counts);
        }
    }

    // What was done is done, also when the Worker is asked to stop: the row of it is written in any case.
    private async Task EndAsync(IDuty duty, DutyTurn turn, string outcome, Exception? failure, TimeSpan took)
    {
        var now = Clock.GetUtcNow();
        var next = options.Value.Next(now);
        var retry = outcome == "stopped" ? now : now + options.Value.RetryAfter;
        var metadata = turn.Counts;
        metadata["duty"] = duty.Name;
        var row = new AuditRecord
        {
            Action = duty.Action,
            Ts = now,
            ErrorCode = outcome switch { "ok" => null, "error" when failure is Fault fault => fault.Code.Reason, "error" => "internal_error", _ => outcome },
            LatencyMs = took.TotalMilliseconds,
            Metadata = metadata.ToJsonString(),
        };
        // The text of an exception may hold content; a fault's public text does not.
        var error = outcome switch { "ok" => null, "error" => (failure as Fault)?.PublicText ?? failure!.GetType().Name, _ => "The Worker was stopped." };
        await turn.EndAsync(row, error, failure is null || next < retry ? next : retry, CancellationToken.None);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "This Worker does not do {Duty}: {Obstacle}")]
    private partial void LogObstacle(string duty, string obstacle);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Daily duties could not be looked for, or the end of one not be written down; looking again.")]
    private partial void LogNotLooked(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Duty} failed; it is tried again after {RetryAfter}.")]
    private partial void LogFailed(Exception exception, string duty, TimeSpan retryAfter);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Duty}: {Outcome}, {Counts}")]
    private partial void LogEnded(string duty, string outcome, string counts);
}
