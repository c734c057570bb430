using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Duties;

/// <summary>Asks the Worker to do a daily duty now, and waits for how it ends. It is done where the Worker runs: the archive's folder is there.</summary>
/// <param name="context">The database.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="operator">Is told what is being waited for.</param>
/// <param name="clock">For the waiting.</param>
public sealed class RequestDuty(WaMcpDbContext context, AuditedChange change, Operator @operator, TimeProvider clock)
{
    /// <summary>How long a Worker may take to begin.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Asks, and returns when the run has ended, well or not.</summary>
    /// <exception cref="Fault">
    /// <c>not_found</c>; <c>unavailable</c> when no Worker begins: the request stands, and the next one that can do it will.
    /// </exception>
    public async Task<Duty> ExecuteAsync(string name, CancellationToken cancellationToken)
    {
        var duty = await context.Duties.SingleOrDefaultAsync(candidate => candidate.Name == name, cancellationToken)
            ?? throw Fault.NotFound("duty", name, "`admin retention status` shows the duties; a Worker that has run once makes the list.");
        var asked = duty.DueAt = Whole(clock.GetUtcNow());
        await change.SaveAsync(change.Row(AuditAction.DutyRequested), new() { ["duty"] = name }, cancellationToken);
        var since = clock.GetTimestamp();
        var told = false;
        while (true)
        {
            // A run that was under way already leaves the request as it is, so a changed due time means that ours has ended.
            await context.Entry(duty).ReloadAsync(cancellationToken);
            if (duty.DueAt != asked)
            {
                return duty;
            }

            if (duty.IsUnderWay)
            {
                if (!told)
                {
                    @operator.Tell?.Invoke($"{name} is under way; Ctrl+C stops waiting for it, not the run.");
                    told = true;
                }
            }
            else if (clock.GetElapsedTime(since) > Patience)
            {
                throw new Fault(
                    FaultCode.Unavailable,
                    $"No Worker has begun {name} within {Patience.TotalSeconds:0} s. The request stands.",
                    "See that a Worker runs, and in its log whether something keeps it from this duty.");
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }
    }

    // As Postgres keeps it, so that it can be told again from the one that replaces it.
    private static DateTimeOffset Whole(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
}
