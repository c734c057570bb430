using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;

namespace WaMcp.Domain.Inbox;

/// <summary>Loads the deliveries of jobs, no more at once than memory should hold.</summary>
/// <param name="context">The database.</param>
public sealed class LoadDeliveries(WaMcpDbContext context)
{
    // A delivery has up to 3 MB, and those that are read side by side add up.
    private const int MostBytes = 1024 * 1024;

    /// <summary>Loads the deliveries of the first jobs, of one at least; only to read them.</summary>
    /// <exception cref="InvalidOperationException">The first job's delivery is not there any more.</exception>
    public async Task<IReadOnlyList<(Job Job, WebhookEvent Delivery)>> ExecuteAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        Guid[] ids = [.. jobs.Select(job => job.SubjectId)];
        var found = await context.WebhookEvents
            .FromSql(
                $"""
                SELECT * FROM (
                    SELECT webhook_events.*, sum(octet_length(body)) OVER (ORDER BY array_position({ids}, id) ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
                    FROM webhook_events WHERE id = ANY ({ids})) AS delivery
                WHERE before IS NULL OR before < {MostBytes}
                """)
            .AsNoTracking().ToDictionaryAsync(delivery => delivery.Id.Value, cancellationToken);
        var read = jobs.TakeWhile(job => found.ContainsKey(job.SubjectId)).Select(job => (job, found[job.SubjectId])).ToList();
        return read.Count > 0 ? read : throw new InvalidOperationException("The delivery of this job is not there any more.");
    }
}
