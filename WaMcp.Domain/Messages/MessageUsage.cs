using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Messages;

/// <summary>Counts what the scope's client sent over a channel.</summary>
/// <param name="context">The scope's client's data.</param>
public sealed class MessageUsage(WaMcpDbContext context)
{
    /// <summary>So many messages of a category.</summary>
    /// <param name="Category">What the provider bills them as, or as long as it did not say so, what they were sent as.</param>
    /// <param name="Sent">What the provider took, or may have taken.</param>
    /// <param name="Billable">Those of which the provider said that it bills them.</param>
    public sealed record Line(MessageCategory Category, long Sent, long Billable);

    /// <summary>The messages since then, by category.</summary>
    public async Task<IReadOnlyList<Line>> ReadAsync(ChannelId channel, DateTimeOffset since, CancellationToken cancellationToken)
    {
        MessageState[] notSent = [MessageState.Queued, MessageState.Sending, MessageState.Failed, MessageState.Cancelled];
        var lines = await context.Messages.AsNoTracking()
            .Where(message => message.Direction == MessageDirection.Outbound && message.ChannelId == channel && message.CreatedAt >= since)
            .GroupBy(message => new { message.Category, message.PricingCategory })
            .Select(group => new
            {
                group.Key,
                Sent = group.LongCount(message => !notSent.Contains(message.State)),
                Billable = group.LongCount(message => message.Billable == true),
            })
            .ToListAsync(cancellationToken);
        return
        [
            .. lines.GroupBy(line => Billed(line.Key.PricingCategory) ?? line.Key.Category)
                .Select(group => new Line(group.Key, group.Sum(line => line.Sent), group.Sum(line => line.Billable)))
                .Where(line => line.Sent + line.Billable > 0)
                .OrderBy(line => line.Category),
        ];
    }

    // Meta's words; some have endings, such as authentication-international and marketing_lite.
    private static MessageCategory? Billed(string? category) => category?.Split('-', '_')[0].ToLowerInvariant() switch
    {
        "service" => MessageCategory.Service,
        "utility" => MessageCategory.Utility,
        "authentication" => MessageCategory.Authentication,
        "marketing" => MessageCategory.Marketing,
        _ => null,
    };
}
