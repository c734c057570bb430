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

    /// <summary>The same, by the provider's id.</summary>
    public static Task<Message?> LockAsync(
        this WaMcpDbContext context, ChannelId channel, string providerMessageId, CancellationToken cancellationToken) =>
        context.Messages
            .FromSql($"SELECT * FROM messages WHERE channel_id = {channel.Value} AND provider_message_id = {providerMessageId} FOR UPDATE")
            .SingleOrDefaultAsync(cancellationToken);
}
