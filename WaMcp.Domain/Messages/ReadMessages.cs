using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
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
    /// <param name="Heard">Only what the contacts wrote to be read.</param>
    public sealed record Scope(ChannelId Channel, ConversationId? Conversation = null, bool Heard = false);

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
        var sql =
            $"""
            SELECT look.now AS "Now", look.place AS "Cluster", found.id AS "Id", NULL::text AS "Transaction"
            FROM (SELECT pg_current_snapshot()::text AS now, this_cluster() AS place) look LEFT JOIN LATERAL ({NearestSql(scope, "DESC")}) found ON true
            """;
        var rows = await context.Database.SqlQueryRaw<Row>(sql, Nearest(scope, Guid.Empty, Guid.AllBitsSet, most)).ToListAsync(cancellationToken);
        return new Page(await LoadAsync(rows.Take(most), cancellationToken), rows.Count > most, Cursor(scope, rows[0]));
    }

    /// <summary>Those before a moment, which a message's id is; nearest to it.</summary>
    public Task<Page> BeforeAsync(Scope scope, MessageId before, int most, CancellationToken cancellationToken) =>
        NearestAsync(NearestSql(scope, "DESC"), Nearest(scope, Guid.Empty, before.Value, most), most, cancellationToken);

    /// <summary>Those after a moment; nearest to it. What commits late may be missing: for what is new there are cursors.</summary>
    public Task<Page> AfterAsync(Scope scope, MessageId after, int most, CancellationToken cancellationToken) =>
        NearestAsync(NearestSql(scope, "ASC"), Nearest(scope, after.Value, Guid.AllBitsSet, most), most, cancellationToken);

    private async Task<Page> NearestAsync(string sql, object[] parameters, int most, CancellationToken cancellationToken)
    {
        var found = await context.Database.SqlQueryRaw<Guid>(sql, parameters).ToListAsync(cancellationToken);
        return new Page(await LoadAsync([.. found.Take(most).Select(id => new MessageId(id))], cancellationToken), found.Count > most, null);
    }

    // The channel or conversation is named as a span of one value, so that only its index gives the order. With an equality the primary key would give it too,
    // and look cheap when the channel has many messages; but everybody else's newer ones would be walked through first.
    private static string NearestSql(Scope scope, string direction)
    {
        var key = scope.Conversation is null ? "channel_id" : "conversation_id";
        return $$"""
            SELECT id, id AS "Value" FROM messages
            WHERE client_id = {0} AND {{key}} >= {1} AND {{key}} <= {1} AND id > {2} AND id < {3} AND (NOT {4} OR heard)
            ORDER BY {{key}} {{direction}}, id {{direction}} LIMIT {5}
            """;
    }

    private object[] Nearest(Scope scope, Guid after, Guid before, int most) =>
        [tenant.ClientId.Value, scope.Conversation?.Value ?? scope.Channel.Value, after, before, scope.Heard, most + 1];

    /// <summary>Refuses a cursor that was given for something else: what it has not seen there, it would miss here.</summary>
    /// <param name="cursor">The cursor.</param>
    /// <param name="scopes">Any of these will do.</param>
    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public void Require(ReadingCursor cursor, params IEnumerable<Scope> scopes)
    {
        if (!scopes.Any(scope => Mark(scope) == cursor.Scope))
        {
            throw Fault.Invalid(
                "since",
                "is the cursor of another channel, conversation or tool.",
                "Pass a cursor only to the tool that gave it, for the same channel or conversation; leave it out to begin anew: the answer has one.");
        }
    }

    /// <summary>What is new since a cursor, in the order of transactions, so that pages fit together.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>: the cursor is of a database that this one is not.</exception>
    public async Task<Page> SinceAsync(Scope scope, ReadingCursor cursor, int most, CancellationToken cancellationToken)
    {
        var (client, channel, conversation, heard) = Parameters(scope);
        var (seen, place) = (cursor.Seen.ToString(), cursor.Reading);
        var (until, transaction) = (place?.Until.ToString(), place?.Transaction.ToString(CultureInfo.InvariantCulture));
        var last = place?.Message.Value ?? Guid.Empty;
        var rows = await context.Database.SqlQuery<Row>(
            $"""
            SELECT look.now AS "Now", look.place AS "Cluster", found.id AS "Id", found.tx::text AS "Transaction"
            FROM (SELECT pg_current_snapshot()::text AS now, this_cluster() AS place) look LEFT JOIN LATERAL (
                SELECT id, tx FROM messages
                WHERE client_id = {client} AND channel_id = {channel} AND ({conversation}::uuid IS NULL OR conversation_id = {conversation}::uuid)
                    AND (NOT {heard} OR heard)
                    AND tx >= greatest(pg_snapshot_xmin({seen}::pg_snapshot), {transaction}::xid8)
                    AND NOT pg_visible_in_snapshot(tx, {seen}::pg_snapshot)
                    AND ({until}::text IS NULL OR (pg_visible_in_snapshot(tx, {until}::pg_snapshot) AND (tx, id) > ({transaction}::xid8, {last})))
                ORDER BY tx, id LIMIT {most + 1}) found ON true
            """).ToListAsync(cancellationToken);
        var now = TransactionSnapshot.Parse(rows[0].Now);
        if (cursor.Cluster != (uint)rows[0].Cluster || cursor.Seen.Next > now.Next || place?.Until.Next > now.Next)
        {
            // After a restore or a failover the numbers of transactions may have been given out again.
            throw Fault.Invalid(
                "since", "is a cursor from before the database was restored or moved.", "Leave it out: the answer has a new one. Look once for what you may have missed.");
        }

        var read = place?.Until ?? now;
        var items = await LoadAsync(rows.Take(most), cancellationToken);
        return rows.Count > most
            ? new Page(items, true, cursor with { Scope = Mark(scope), Reading = Place(read, rows[most - 1]) })
            : new Page(items, false, cursor with { Scope = Mark(scope), Seen = read, Reading = null });
    }

    /// <summary>What is unread in a conversation, from the oldest on. Its cursor goes on from there. Null when the conversation is there no more.</summary>
    public async Task<Page?> UnreadAsync(Scope scope, int most, CancellationToken cancellationToken)
    {
        var (client, _, conversation, _) = Parameters(scope);
        var rows = await context.Database.SqlQuery<Row>(
            $"""
            SELECT look.now AS "Now", look.place AS "Cluster", found.id AS "Id", found.tx::text AS "Transaction"
            FROM (SELECT pg_current_snapshot()::text AS now, this_cluster() AS place, read_until FROM conversations
                  WHERE client_id = {client} AND id = {conversation}) look LEFT JOIN LATERAL (
                SELECT id, tx FROM (
                    SELECT id, tx FROM messages WHERE client_id = {client} AND conversation_id = {conversation} AND heard AND id > look.read_until OFFSET 0) unread
                ORDER BY tx, id LIMIT {most + 1}) found ON true
            """).ToListAsync(cancellationToken);
        if (rows.Count == 0)
        {
            return null;
        }

        var (cursor, hasMore) = (Cursor(scope, rows[0]), rows.Count > most);
        return new Page(
            await LoadAsync(rows.Take(most), cancellationToken),
            hasMore,
            hasMore ? cursor with { Seen = TransactionSnapshot.Nothing, Reading = Place(cursor.Seen, rows[most - 1]) } : cursor);
    }

    /// <summary>How many messages are unread in each conversation, where any are.</summary>
    /// <param name="conversations">Which.</param>
    /// <param name="most">Where counting ends.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<IReadOnlyDictionary<ConversationId, int>> CountUnreadAsync(
        IEnumerable<ConversationId> conversations, int most, CancellationToken cancellationToken)
    {
        var client = tenant.ClientId.Value;
        Guid[] wanted = [.. conversations.Select(conversation => conversation.Value)];
        var counts = wanted.Length == 0 ? [] : await context.Database.SqlQuery<Unread>(
            $"""
            SELECT known.id AS "Id", (
                SELECT count(*) FROM (
                    SELECT FROM messages WHERE client_id = {client} AND conversation_id = known.id AND heard AND id > known.read_until LIMIT {most}) later)::integer AS "Count"
            FROM conversations known WHERE client_id = {client} AND id = ANY ({wanted}) AND has_unread
            """).ToListAsync(cancellationToken);
        return counts.ToDictionary(row => new ConversationId(row.Id), row => row.Count);
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

    private (Guid Client, Guid Channel, Guid? Conversation, bool Heard) Parameters(Scope scope) =>
        (tenant.ClientId.Value, scope.Channel.Value, scope.Conversation?.Value, scope.Heard);

    private ReadingCursor Cursor(Scope scope, Row row) => new(Mark(scope), (uint)row.Cluster, TransactionSnapshot.Parse(row.Now));

    private static ReadingCursor.Place Place(TransactionSnapshot until, Row last) =>
        new(until, ulong.Parse(last.Transaction!, CultureInfo.InvariantCulture), new(last.Id!.Value));

    private uint Mark(Scope scope) => BinaryPrimitives.ReadUInt32BigEndian(
        SHA256.HashData(Encoding.ASCII.GetBytes($"{tenant.ClientId} {scope.Channel} {scope.Conversation} {scope.Heard}")));

    private sealed record Row(string Now, int Cluster, Guid? Id, string? Transaction);

    private sealed record Unread(Guid Id, int Count);
}
