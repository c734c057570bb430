using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

/// <summary>Conversations and messages written into the database as the programs write them, where many are wanted or a transaction is to wait.</summary>
internal static class Written
{
    /// <summary>A conversation with somebody new.</summary>
    public static async Task<Guid> ConversationAsync(WaMcpSystem system, Guid client, Guid channel, string? phone = null)
    {
        var (contact, conversation) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await system.QueryAsync<object>(
            """
            WITH person AS (
                INSERT INTO contacts (id, client_id, channel_id, phone, created_at) VALUES ($1, $2, $3, $4, now()))
            INSERT INTO conversations (id, client_id, channel_id, contact_id, last_message_at, created_at) VALUES ($5, $2, $3, $1, now(), now())
            """,
            contact,
            client,
            channel,
            phone ?? $"1556{Random.Shared.Next(10_000_000, 99_999_999)}",
            conversation);
        return conversation;
    }

    /// <summary>Inserts one inbound message: $1 its id, $2 the conversation, $3 what it says.</summary>
    public const string Message =
        """
        WITH talk AS (UPDATE conversations SET last_inbound_id = $1 WHERE id = $2 RETURNING *)
        INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, heard, body, state, created_at)
        SELECT $1, client_id, channel_id, id, contact_id, 'Inbound', 'text', true, $3, 'Received', now() FROM talk
        """;

    public static string Id(Guid conversation) => new ConversationId(conversation).ToString();

    public static async Task<string> MessageAsync(WaMcpSystem system, Guid conversation, string text)
    {
        var id = TypedId.New<MessageId>();
        await system.QueryAsync<object>(Message, id.Value, conversation, text);
        return id.ToString();
    }

    /// <summary>So many inbound messages in one conversation, one id after the other, of which the n-th says what the SQL expression gives.</summary>
    public static Task ManyAsync(WaMcpSystem system, Guid conversation, int count, string expression)
    {
        var start = Convert.ToHexStringLower(Guid.CreateVersion7().ToByteArray(bigEndian: true))[..20];
        return system.QueryAsync<object>(
            $"""
            INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, body, state, created_at)
            SELECT ('{start}' || lpad(to_hex(n), 12, '0'))::uuid, client_id, channel_id, id, contact_id, 'Inbound', 'text', {expression}, 'Received', now()
            FROM conversations, generate_series(1, {count}) n WHERE id = $1
            """,
            conversation);
    }
}
