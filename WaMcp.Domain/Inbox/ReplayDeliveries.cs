using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;

namespace WaMcp.Domain.Inbox;

/// <summary>Has stored deliveries taken apart once more, by the channels, grants and knowledge of today.</summary>
/// <remarks>What was recorded before is recognised and stays as it is, so it does no harm. Audited as <c>inbound_replayed</c>, with the number and the filter.</remarks>
/// <param name="context">The database.</param>
/// <param name="find">Finds one.</param>
/// <param name="list">Finds many.</param>
/// <param name="change">Saves it with its audit row.</param>
public sealed class ReplayDeliveries(WaMcpDbContext context, FindDelivery find, ListDeliveries list, AuditedChange change)
{
    /// <summary>The most at once; what is left can be replayed by the next command.</summary>
    public const int Most = 10_000;

    /// <summary>How many are taken apart again, and whether there are more that fit.</summary>
    /// <param name="Deliveries">How many.</param>
    /// <param name="HasMore">Whether there were more than <see cref="Most"/>.</param>
    public sealed record Replay(int Deliveries, bool HasMore);

    /// <summary>One.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<Replay> ExecuteAsync(string reference, CancellationToken cancellationToken)
    {
        var webhook = await find.ExecuteAsync(reference, cancellationToken);
        return await EnqueueAsync([webhook.Id], new() { ["event"] = webhook.Id.ToString() }, cancellationToken);
    }

    /// <summary>Many, the oldest first.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<Replay> ExecuteAsync(ListDeliveries.Filter filter, CancellationToken cancellationToken)
    {
        var ids = await (await list.WhereAsync(filter, cancellationToken)).OrderBy(webhook => webhook.Id).Select(webhook => webhook.Id)
            .Take(Most + 1).ToListAsync(cancellationToken);
        return await EnqueueAsync(ids, new() { ["outcome"] = filter.Outcome, ["channel"] = filter.Channel, ["since"] = filter.Since?.ToString("O") }, cancellationToken);
    }

    private async Task<Replay> EnqueueAsync(List<WebhookEventId> ids, System.Text.Json.Nodes.JsonObject facts, CancellationToken cancellationToken)
    {
        var hasMore = ids.Count > Most;
        var subjects = ids.Take(Most).Select(id => id.Value).ToList();
        await context.Database.BeginTransactionAsync(cancellationToken); // saving ends it
        // What is about to be taken apart anyway is left to that.
        var waiting = await context.Jobs.Where(job => job.Kind == JobKind.FanOut && job.DeadAt == null && subjects.Contains(job.SubjectId))
            .Select(job => job.SubjectId).ToListAsync(cancellationToken);
        var jobs = subjects.Except(waiting).Select(subject => new NewJob(JobKind.FanOut, subject)).ToList();
        if (jobs.Count > 0)
        {
            await JobQueue.EnqueueAsync((NpgsqlConnection)context.Database.GetDbConnection(), jobs, cancellationToken);
        }

        facts["deliveries"] = jobs.Count;
        await change.SaveAsync(change.Row(AuditAction.InboundReplayed), facts, [], cancellationToken);
        return new Replay(jobs.Count, hasMore);
    }
}
