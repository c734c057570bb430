using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Conversations;

/// <summary>
/// Finds or begins the conversation with a contact, and knows how far it was heard, given to the client, and read.
/// </summary>
/// <remarks>
/// Unread is a place and no number: what the contact wrote after <see cref="Conversation.ReadUntil"/>. In one conversation the ids of what is heard are in
/// the order of their commits (<c>later_id</c>), so nothing can come in before such a place afterwards. A merge of two conversations is the exception, and
/// goes back to the earlier place.
/// </remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="clock">Stamps it.</param>
public sealed class ConversationBook(WaMcpDbContext context, TenantContext tenant, TimeProvider clock)
{
    /// <summary>
    /// Notes that the contact writes, and holds the conversation until the transaction ends: $1 the client, $2 the channel, $3 the contact, $4 the id of a
    /// conversation that begins, $5 the message's, $6 whether it is something to be read, $7 when it was written if that opens the service window, $8 now. Gives
    /// the conversation, the id that the message must have, and whether it is the first to be read.
    /// </summary>
    /// <remarks>Old deliveries must not turn the time back; <c>greatest</c> passes over null. What is not to be read needs no order.</remarks>
    internal const string HearSql =
        """
        INSERT INTO conversations AS known
            (id, client_id, channel_id, contact_id, last_inbound_at, last_message_at, created_at, shown_until, read_until, last_inbound_id)
        VALUES ($4, $1, $2, $3, $7, $8, $8, $4, $4, CASE WHEN $6 THEN later_id($5, $4) ELSE $4 END)
        ON CONFLICT (client_id, channel_id, contact_id) DO UPDATE SET
            last_inbound_at = greatest(known.last_inbound_at, excluded.last_inbound_at),
            last_message_at = greatest(known.last_message_at, excluded.last_message_at),
            last_inbound_id = CASE WHEN $6 THEN later_id($5, greatest(known.last_inbound_id, known.shown_until, known.read_until)) ELSE known.last_inbound_id END
        RETURNING id, CASE WHEN $6 THEN last_inbound_id ELSE $5 END AS message,
            $6 AND NOT EXISTS (SELECT FROM messages WHERE client_id = $1 AND conversation_id = known.id AND heard) AS is_first
        """;

    /// <summary>Takes back what <see cref="HearSql"/> noted in the same transaction: somebody else had recorded that message.</summary>
    public Task UnhearAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        var (client, id) = (tenant.ClientId.Value, conversation.Value);
        return context.Database.ExecuteSqlAsync(
            $"""
            UPDATE conversations SET last_inbound_id = coalesce(
                (SELECT id FROM messages WHERE client_id = {client} AND conversation_id = {id} AND heard ORDER BY id DESC LIMIT 1), read_until)
            WHERE client_id = {client} AND id = {id}
            """,
            cancellationToken);
    }

    /// <summary>
    /// Notes that the client writes: what it was given until now is answered, and nothing else is. Runs inside the caller's transaction.
    /// </summary>
    public async Task<ConversationId> AnswerAsync(ChannelId channel, ContactId contact, CancellationToken cancellationToken)
    {
        var (id, client, now) = (TypedId.New<ConversationId>().Value, tenant.ClientId.Value, clock.GetUtcNow());
        var found = await context.Database.SqlQuery<Guid>(
            $"""
            INSERT INTO conversations AS known (id, client_id, channel_id, contact_id, last_message_at, created_at, shown_until, read_until, last_inbound_id)
            VALUES ({id}, {client}, {channel.Value}, {contact.Value}, {now}, {now}, {id}, {id}, {id})
            ON CONFLICT (client_id, channel_id, contact_id) DO UPDATE SET
                last_message_at = greatest(known.last_message_at, excluded.last_message_at),
                read_until = greatest(known.read_until, known.shown_until)
            RETURNING id AS "Value"
            """).ToListAsync(cancellationToken);
        return new ConversationId(found[0]);
    }

    /// <summary>Notes that the client has read a message, and all before it.</summary>
    public async Task MarkReadAsync(Message message, CancellationToken cancellationToken)
    {
        // If two conversations were put together while it waited, the one that it had found is gone.
        _ = await MarkAsync() == 1 || await MarkAsync() == 1;

        Task<int> MarkAsync()
        {
            var (client, id) = (tenant.ClientId.Value, message.Id.Value);
            return context.Database.ExecuteSqlAsync(
                $"""
                UPDATE conversations SET read_until = greatest(read_until, {id}), shown_until = greatest(shown_until, {id})
                WHERE client_id = {client} AND id = (SELECT conversation_id FROM messages WHERE client_id = {client} AND id = {id}) AND read_until < {id}
                """,
                cancellationToken);
        }
    }

    /// <summary>
    /// Notes that the client was given messages. A page of the newest ones does not cover what was never given before it: the place moves on only as far
    /// as there is nothing left out.
    /// </summary>
    public async Task ShowAsync(IReadOnlyCollection<Message> messages, CancellationToken cancellationToken)
    {
        var client = tenant.ClientId.Value;
        var newest = messages.Where(message => message.Heard).GroupBy(message => message.ConversationId).ToDictionary(group => group.Key, group => group.Max(message => message.Id));
        if (newest.Count == 0)
        {
            return;
        }

        Guid[] places = [.. newest.Keys.Select(conversation => conversation.Value)];
        Guid[] last = [.. newest.Values.Select(message => message.Value)];
        Guid[] shown = [.. messages.Select(message => message.Id.Value)];
        // Whoever reads waits for nobody who writes, and for no disk: then the place stays, and the messages are given once more. Locked by itself first, so that
        // the last statement sees what whoever held the lock before has committed; one round trip, one transaction.
        await context.Database.ExecuteSqlAsync(
            $"""
            SELECT set_config('synchronous_commit', 'off', true);
            SELECT FROM conversations known JOIN unnest({places}, {last}) AS given (id, last) USING (id)
            WHERE client_id = {client} AND shown_until < given.last AND read_until < given.last ORDER BY id FOR NO KEY UPDATE OF known SKIP LOCKED;
            UPDATE conversations SET shown_until = greatest(shown_until, (
                SELECT message.id FROM messages message
                WHERE message.client_id = {client} AND message.conversation_id = conversations.id AND message.heard AND message.id = ANY ({shown}) AND NOT EXISTS (
                    SELECT FROM messages earlier
                    WHERE earlier.client_id = {client} AND earlier.conversation_id = conversations.id AND earlier.heard AND earlier.id < message.id
                        AND earlier.id > greatest(conversations.shown_until, conversations.read_until) AND earlier.id <> ALL ({shown}))
                ORDER BY message.id DESC LIMIT 1))
            WHERE client_id = {client} AND id IN (
                SELECT id FROM conversations known JOIN unnest({places}, {last}) AS given (id, last) USING (id)
                WHERE client_id = {client} AND shown_until < given.last AND read_until < given.last ORDER BY id FOR NO KEY UPDATE OF known SKIP LOCKED)
            """,
            cancellationToken);
    }
}
