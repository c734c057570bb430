using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Messages;

/// <summary>Finds the messages that others answer or react to: providers name them by their own ids, agents by ours.</summary>
public static class LinkedMessages
{
    /// <summary>Ours by the provider's ids, of what these messages are linked to.</summary>
    public static async Task<IReadOnlyDictionary<string, MessageId>> FindAsync(
        WaMcpDbContext database, IReadOnlyCollection<Message> messages, CancellationToken cancellationToken)
    {
        var wanted = messages.Where(message => message.Content is not null).Select(message => InboundContent.TryFromJson(message.Content))
            .SelectMany(content => new[] { content?.Context?.MessageId, content?.Reaction?.MessageId }).OfType<string>().Distinct().ToList();
        if (wanted.Count == 0)
        {
            return new Dictionary<string, MessageId>();
        }

        var channels = messages.Select(message => message.ChannelId).Distinct().ToList();
        var found = await database.Messages.AsNoTracking()
            .Where(message => channels.Contains(message.ChannelId) && message.ProviderMessageId != null && wanted.Contains(message.ProviderMessageId))
            .Select(message => new { message.ProviderMessageId, message.Id }).ToListAsync(cancellationToken);
        return found.GroupBy(message => message.ProviderMessageId!).ToDictionary(group => group.Key, group => group.First().Id);
    }
}
