using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Messages;

/// <summary>Reads messages under a row lock: the answer to a send and the status of it may be recorded at the same moment.</summary>
public static class LockMessage
{
    /// <summary>The scope's client's message, locked until the transaction ends.</summary>
    public static Task<Message?> LockAsync(this WaMcpDbContext context, MessageId id, CancellationToken cancellationToken) =>
        context.Messages.FromSql($"SELECT * FROM messages WHERE id = {id.Value} FOR UPDATE").SingleOrDefaultAsync(cancellationToken);

    /// <summary>Many at once, for <see cref="SaveMessages"/>. Unless it waits, those that somebody else has locked at this moment are left out.</summary>
    /// <remarks>Whoever holds several locks and waited for one more could meet somebody who does the same the other way round.</remarks>
    public static Task<Dictionary<MessageId, Message>> LockAsync(
        this WaMcpDbContext context, IEnumerable<MessageId> messages, bool wait, CancellationToken cancellationToken)
    {
        Guid[] ids = [.. messages.Select(id => id.Value)];
        var rows = wait
            ? context.Messages.FromSql($"SELECT * FROM messages WHERE id = ANY ({ids}) FOR UPDATE")
            : context.Messages.FromSql($"SELECT * FROM messages WHERE id = ANY ({ids}) FOR UPDATE SKIP LOCKED");
        return rows.AsNoTracking().ToDictionaryAsync(message => message.Id, cancellationToken);
    }

    /// <summary>The same, by the provider's id.</summary>
    public static Task<Message?> LockAsync(
        this WaMcpDbContext context, ChannelId channel, string providerMessageId, CancellationToken cancellationToken) =>
        context.Messages
            .FromSql($"SELECT * FROM messages WHERE channel_id = {channel.Value} AND provider_message_id = {providerMessageId} FOR UPDATE")
            .SingleOrDefaultAsync(cancellationToken);
}
