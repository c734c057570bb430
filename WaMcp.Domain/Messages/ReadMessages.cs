using System.Globalization;
using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>Reads messages of the scope's client page by page. Pages are stable: what comes meanwhile moves nothing, and is new for the cursor.</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
public sealed class ReadMessages(WaMcpDbContext context, TenantContext tenant)
{
    /// <summary>Which messages.</summary>
    /// <param name="Channel">Over which channel.</param>
    /// <param name="Conversation">Only in this conversation.</param>
    /// <param name="Direction">Only written by this side.</param>
    public sealed record Scope(ChannelId Channel, ConversationId? Conversation = null, MessageDirection? Direction = null);

    /// <summary>A message and the person it is from or to.</summary>
    public sealed record Item(Message Message, Contact Contact);

    /// <summary>Messages, oldest first.</summary>
    /// <param name="Items">The messages.</param>
    /// <param name="HasMore">Whether there are more in the direction that was read.</param>
    /// <param name="Cursor">From where on everything is new; null when it was read backwards.</param>
    public sealed record Page(IReadOnlyList<Item> Items, bool HasMore, ReadingCursor? Cursor);

    /// <summary>The newest.</summary>
    public async Task<Page> LatestAsync(Scope scope, int most, CancellationToken cancellationToken)
    {
        var (client, channel, conversation, written) = Parameters(scope);
        var rows = await context.Database.SqlQuery<Row>(
            $"""
            SELECT look.now AS "Now", found.id AS "Id", NULL::text AS "Transaction"
            FROM (SELECT pg_current_snapshot()::text AS now) look LEFT JOIN LATERAL (
                SELECT id FROM messages
                WHERE client_id = {client} AND channel_id = {channel} AND ({conversation}::uuid IS NULL OR conversation_id = {conversation}::uuid)
                    AND ({written}::text IS NULL OR direction = {written}::text)
                ORDER BY id DESC LIMIT {most + 1}) found ON true
            """).ToListAsync(cancellationToken);
        return new Page(await LoadAsync(rows.Take(most), cancellationToken), rows.Count > most, new(TransactionSnapshot.Parse(rows[0].Now)));
    }

    /// <summary>Those before a moment, which a message's id is; nearest to it.</summary>
    public async Task<Page> BeforeAsync(Scope scope, MessageId before, int most, CancellationToken cancellationToken)
    {
        var found = await In(scope).Where(message => message.Id < before).OrderByDescending(message => message.Id)
            .Take(most + 1).Select(message => message.Id).ToListAsync(cancellationToken);
        return new Page(await LoadAsync([.. found.Take(most)], cancellationToken), found.Count > most, null);
    }

    /// <summary>Those after a moment; nearest to it. What commits late may be missing: for what is new there are cursors.</summary>
    public async Task<Page> AfterAsync(Scope scope, MessageId after, int most, CancellationToken cancellationToken)
    {
        var found = await In(scope).Where(message => message.Id > after).OrderBy(message => message.Id)
            .Take(most + 1).Select(message => message.Id).ToListAsync(cancellationToken);
        return new Page(await LoadAsync([.. found.Take(most)], cancellationToken), found.Count > most, null);
    }

    /// <summary>What is new since a cursor, in the order of transactions, so that pages fit together.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>: the cursor is of a database that this one is not.</exception>
    public async Task<Page> SinceAsync(Scope scope, ReadingCursor cursor, int most, CancellationToken cancellationToken)
    {
        var (client, channel, conversation, written) = Parameters(scope);
        var (seen, place) = (cursor.Seen.ToString(), cursor.Reading);
        var (until, transaction) = (place?.Until.ToString(), place?.Transaction.ToString(CultureInfo.InvariantCulture));
        var last = place?.Message.Value ?? Guid.Empty;
        var rows = await context.Database.SqlQuery<Row>(
            $"""
            SELECT look.now AS "Now", found.id AS "Id", found.tx::text AS "Transaction"
            FROM (SELECT pg_current_snapshot()::text AS now) look LEFT JOIN LATERAL (
                SELECT id, tx FROM messages
                WHERE client_id = {client} AND channel_id = {channel} AND ({conversation}::uuid IS NULL OR conversation_id = {conversation}::uuid)
                    AND ({written}::text IS NULL OR direction = {written}::text)
                    AND tx >= greatest(pg_snapshot_xmin({seen}::pg_snapshot), {transaction}::xid8)
                    AND NOT pg_visible_in_snapshot(tx, {seen}::pg_snapshot)
                    AND ({until}::text IS NULL OR (pg_visible_in_snapshot(tx, {until}::pg_snapshot) AND (tx, id) > ({transaction}::xid8, {last})))
                ORDER BY tx, id LIMIT {most + 1}) found ON true
            """).ToListAsync(cancellationToken);
        var now = TransactionSnapshot.Parse(rows[0].Now);
        if (cursor.Seen.Next > now.Next || place?.Until.Next > now.Next)
        {
            throw Fault.Invalid("since", "is no cursor of this system.", "Leave it out: the answer then has a new one.");
        }

        var read = place?.Until ?? now;
        var items = await LoadAsync(rows.Take(most), cancellationToken);
        return rows.Count > most
            ? new Page(items, true, cursor with { Reading = new(read, ulong.Parse(rows[most - 1].Transaction!, CultureInfo.InvariantCulture), new(rows[most - 1].Id!.Value)) })
            : new Page(items, false, new ReadingCursor(read));
    }

    /// <summary>What the person wrote and nobody has answered or marked as read: the newest of it.</summary>
    public async Task<Page> UnreadAsync(ConversationId conversation, int most, CancellationToken cancellationToken)
    {
        var (client, id) = (tenant.ClientId.Value, conversation.Value);
        var rows = await context.Database.SqlQuery<Row>(
            $"""
            SELECT look.now AS "Now", found.id AS "Id", look.unread::text AS "Transaction"
            FROM (SELECT pg_current_snapshot()::text AS now, unread FROM conversations WHERE client_id = {client} AND id = {id}) look LEFT JOIN LATERAL (
                SELECT id FROM messages WHERE client_id = {client} AND conversation_id = {id} AND direction = {nameof(MessageDirection.Inbound)}
                ORDER BY id DESC LIMIT least(look.unread, {most})) found ON true
            """).ToListAsync(cancellationToken);
        var more = int.Parse(rows[0].Transaction!, CultureInfo.InvariantCulture) > most;
        return new Page(await LoadAsync(rows, cancellationToken), more, new(TransactionSnapshot.Parse(rows[0].Now)));
    }

    /// <summary>The last message of each conversation.</summary>
    public async Task<IReadOnlyDictionary<ConversationId, Message>> LastOfAsync(IEnumerable<ConversationId> conversations, CancellationToken cancellationToken)
    {
        var client = tenant.ClientId.Value;
        Guid[] wanted = [.. conversations.Select(conversation => conversation.Value)];
        var ids = await context.Database.SqlQuery<Guid>(
            $"""
            SELECT last.id AS "Value" FROM unnest({wanted}) AS conversation (id) CROSS JOIN LATERAL (
                SELECT id FROM messages WHERE client_id = {client} AND conversation_id = conversation.id ORDER BY id DESC LIMIT 1) last
            """).ToListAsync(cancellationToken);
        var found = await LoadAsync([.. ids.Select(id => new MessageId(id))], cancellationToken);
        return found.ToDictionary(item => item.Message.ConversationId, item => item.Message);
    }

    /// <summary>Messages by their ids, oldest first; other clients' are not there.</summary>
    public async Task<IReadOnlyList<Item>> LoadAsync(IReadOnlyCollection<MessageId> ids, CancellationToken cancellationToken)
    {
        var found = ids.Count == 0 ? [] : await (
            from message in context.Messages.AsNoTracking()
            join contact in context.Contacts.AsNoTracking() on message.ContactId equals contact.Id
            where ids.Contains(message.Id)
            select new { message, contact }).ToListAsync(cancellationToken);
        return [.. found.OrderBy(row => row.message.Id).Select(row => new Item(row.message, row.contact))];
    }

    private Task<IReadOnlyList<Item>> LoadAsync(IEnumerable<Row> rows, CancellationToken cancellationToken) =>
        LoadAsync([.. rows.Where(row => row.Id is not null).Select(row => new MessageId(row.Id!.Value))], cancellationToken);

    private IQueryable<Message> In(Scope scope)
    {
        var messages = context.Messages.AsNoTracking().Where(message => message.ChannelId == scope.Channel);
        messages = scope.Conversation is { } conversation ? messages.Where(message => message.ConversationId == conversation) : messages;
        return scope.Direction is { } direction ? messages.Where(message => message.Direction == direction) : messages;
    }

    private (Guid Client, Guid Channel, Guid? Conversation, string? Written) Parameters(Scope scope) =>
        (tenant.ClientId.Value, scope.Channel.Value, scope.Conversation?.Value, scope.Direction?.ToString());

    private sealed record Row(string Now, Guid? Id, string? Transaction);
}
