using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Conversations;

/// <summary>Finds or begins the conversation with a contact. Runs inside the caller's transaction.</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="clock">Stamps it.</param>
public sealed class ConversationBook(WaMcpDbContext context, TenantContext tenant, TimeProvider clock)
{
    /// <summary>Notes that somebody writes, and says in which conversation.</summary>
    /// <param name="channel">Over which channel.</param>
    /// <param name="contact">With whom.</param>
    /// <param name="inboundAt">When the contact wrote; null when the client writes.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task<ConversationId> TouchAsync(
        ChannelId channel, ContactId contact, DateTimeOffset? inboundAt, CancellationToken cancellationToken)
    {
        var (id, client, now) = (TypedId.New<ConversationId>().Value, tenant.ClientId.Value, clock.GetUtcNow());
        // Old deliveries must not turn the time back; greatest() passes over null.
        var found = await context.Database.SqlQuery<Guid>(
            $"""
            INSERT INTO conversations AS known (id, client_id, channel_id, contact_id, last_inbound_at, last_message_at, created_at)
            VALUES ({id}, {client}, {channel.Value}, {contact.Value}, {inboundAt}, {now}, {now})
            ON CONFLICT (client_id, channel_id, contact_id) DO UPDATE SET
                last_inbound_at = greatest(known.last_inbound_at, excluded.last_inbound_at),
                last_message_at = greatest(known.last_message_at, excluded.last_message_at)
            RETURNING id AS "Value"
            """).ToListAsync(cancellationToken);
        return new ConversationId(found[0]);
    }

    /// <summary>Notes that the client has read a message, and all before it.</summary>
    public async Task MarkReadAsync(Message message, CancellationToken cancellationToken)
    {
        var (client, conversation, id) = (tenant.ClientId.Value, message.ConversationId.Value, message.Id.Value);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        // Locked by itself first: the count must see what whoever holds the lock commits.
        await context.Database.ExecuteSqlAsync(
            $"SELECT FROM conversations WHERE client_id = {client} AND id = {conversation} FOR NO KEY UPDATE", cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"""
            UPDATE conversations SET unread = (
                SELECT count(*) FROM (
                    SELECT FROM messages
                    WHERE client_id = {client} AND conversation_id = {conversation} AND id > {id} AND direction = {nameof(MessageDirection.Inbound)}
                    LIMIT conversations.unread) later)
            WHERE client_id = {client} AND id = {conversation} AND unread > 0
            """,
            cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
