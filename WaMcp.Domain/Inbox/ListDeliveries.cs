using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;

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
    public sealed record Filter(string? Outcome, string? Channel, DateTimeOffset? Since);

    /// <summary>One delivery, without what it says.</summary>
    public sealed record Summary(
        WebhookEventId Id, ChannelKind Provider, DateTimeOffset ReceivedAt, DateTimeOffset? FannedOutAt, string Counts, Guid[] ChannelIds, int Bytes, string RequestId);

    /// <summary>The newest, newest first.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<IReadOnlyList<Summary>> ExecuteAsync(Filter filter, int most, CancellationToken cancellationToken) =>
        await (await WhereAsync(filter, cancellationToken)).AsNoTracking()
            .OrderByDescending(webhook => webhook.Id).Take(most)
            .Select(webhook => new Summary(
                webhook.Id, webhook.Provider, webhook.ReceivedAt, webhook.FannedOutAt, webhook.Counts, webhook.ChannelIds, webhook.Body.Length, webhook.RequestId))
            .ToListAsync(cancellationToken);

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

        return filter.Since is { } since ? found.Where(webhook => webhook.ReceivedAt >= since) : found;
    }
}
