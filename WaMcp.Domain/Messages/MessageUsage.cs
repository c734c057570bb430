using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Messages;

/// <summary>Counts what the scope's client sent over a channel.</summary>
/// <param name="context">The scope's client's data.</param>
public sealed class MessageUsage(WaMcpDbContext context)
{
    /// <summary>So many messages of a category.</summary>
    /// <param name="Category">What they were sent as.</param>
    /// <param name="Sent">What the provider took, or may have taken.</param>
    /// <param name="Billable">Those of which the provider said that it bills them.</param>
    public sealed record Line(MessageCategory Category, long Sent, long Billable);

    /// <summary>The messages since then, by category.</summary>
    public async Task<IReadOnlyList<Line>> ReadAsync(ChannelId channel, DateTimeOffset since, CancellationToken cancellationToken)
    {
        MessageState[] notSent = [MessageState.Queued, MessageState.Sending, MessageState.Failed, MessageState.Cancelled];
        var lines = await context.Messages.AsNoTracking()
            .Where(message => message.Direction == MessageDirection.Outbound && message.ChannelId == channel && message.CreatedAt >= since
                && !notSent.Contains(message.State))
            .GroupBy(message => message.Category)
            .Select(group => new { Category = group.Key, Sent = group.LongCount(), Billable = group.LongCount(message => message.Billable == true) })
            .ToListAsync(cancellationToken);
        return [.. lines.Select(line => new Line(line.Category, line.Sent, line.Billable)).OrderBy(line => line.Category)];
    }
}
