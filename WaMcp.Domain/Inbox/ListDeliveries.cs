using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;

namespace WaMcp.Domain.Inbox;

/// <summary>Lists stored deliveries for an operator.</summary>
/// <param name="context">The database.</param>
/// <param name="channels">Finds the channel.</param>
public sealed class ListDeliveries(WaMcpDbContext context, FindChannel channels)
{
    /// <summary>Which deliveries.</summary>
    /// <param name="Outcome">Only those of which this became (<see cref="DeliveryOutcome"/>).</param>
    /// <param name="Channel">Only those that speak of this channel: its id, name or the provider's id for it.</param>
    /// <param name="Since">Only those that came since.</param>
    /// <param name="Until">Only those that came before.</param>
    public sealed record Filter(string? Outcome, string? Channel, DateTimeOffset? Since, DateTimeOffset? Until = null);

    /// <summary>One delivery, without what it says.</summary>
    public sealed record Summary(
        WebhookEventId Id, ChannelKind Provider, DateTimeOffset ReceivedAt, DateTimeOffset? FannedOutAt, string Counts, Guid[] ChannelIds, int Bytes, string RequestId)
    {
        /// <summary>Parts that were handed out and are not recorded yet.</summary>
        public int PartsWaiting { get; init; }

        /// <summary>Parts that were handed out and are dead letters.</summary>
        public int PartsDead { get; init; }
    }

    /// <summary>One, with what became of its parts.</summary>
    public async Task<Summary> ExecuteAsync(WebhookEvent webhook, CancellationToken cancellationToken)
    {
        var summary = new Summary(
            webhook.Id, webhook.Provider, webhook.ReceivedAt, webhook.FannedOutAt, webhook.Counts, webhook.ChannelIds, webhook.Body.Length, webhook.RequestId);
        return (await WithPartsAsync([summary], cancellationToken))[0];
    }

    /// <summary>The newest, newest first.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<IReadOnlyList<Summary>> ExecuteAsync(Filter filter, int most, CancellationToken cancellationToken)
    {
        var found = await (await WhereAsync(filter, cancellationToken)).AsNoTracking()
            .OrderByDescending(webhook => webhook.Id).Take(most)
            .Select(webhook => new Summary(
                webhook.Id, webhook.Provider, webhook.ReceivedAt, webhook.FannedOutAt, webhook.Counts, webhook.ChannelIds, webhook.Body.Length, webhook.RequestId))
            .ToListAsync(cancellationToken);
        return await WithPartsAsync(found, cancellationToken);
    }

    // A part is a job until it is recorded: there is nothing else to keep of it.
    private async Task<IReadOnlyList<Summary>> WithPartsAsync(List<Summary> found, CancellationToken cancellationToken)
    {
        var ids = found.ConvertAll(summary => summary.Id.Value);
        var parts = await context.Jobs.Where(job => job.Kind == JobKind.Receive && ids.Contains(job.SubjectId))
            .GroupBy(job => job.SubjectId)
            .Select(group => new { Subject = group.Key, Waiting = group.Count(job => job.DeadAt == null), Dead = group.Count(job => job.DeadAt != null) })
            .ToDictionaryAsync(group => group.Subject, cancellationToken);
        return found.ConvertAll(summary => parts.TryGetValue(summary.Id.Value, out var left)
            ? summary with { PartsWaiting = left.Waiting, PartsDead = left.Dead }
            : summary);
    }

    internal async Task<IQueryable<WebhookEvent>> WhereAsync(Filter filter, CancellationToken cancellationToken)
    {
        IQueryable<WebhookEvent> found = context.WebhookEvents;
        if (filter.Outcome == DeliveryOutcome.Waiting)
        {
            found = found.Where(webhook => webhook.FannedOutAt == null);
        }
        else if (filter.Outcome is { } outcome)
        {
            found = found.Where(webhook => webhook.Outcomes.Any(word => word == outcome));
        }

        if (filter.Channel is { } reference)
        {
            var channel = (await channels.ExecuteAsync(reference, cancellationToken)).Id.Value;
            found = found.Where(webhook => webhook.ChannelIds.Any(id => id == channel));
        }

        if (filter.Until is { } until)
        {
            found = found.Where(webhook => webhook.ReceivedAt < until);
        }

        return filter.Since is { } since ? found.Where(webhook => webhook.ReceivedAt >= since) : found;
    }
}
