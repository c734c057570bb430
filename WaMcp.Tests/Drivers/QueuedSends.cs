using WaMcp.Domain.Messages;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Drivers;

/// <summary>Many accepted messages at once, as the tool would have left them: by SQL, because a test of the queue needs no call for each.</summary>
internal static class QueuedSends
{
    private const string Sql =
        """
        WITH people AS MATERIALIZED (
            SELECT n, gen_random_uuid() AS contact, gen_random_uuid() AS conversation FROM generate_series(1, $4) AS n
        ), contact AS (
            INSERT INTO contacts (id, client_id, channel_id, phone, created_at) SELECT contact, $1, $2, ($8 + n)::text, now() FROM people
        ), conversation AS (
            INSERT INTO conversations (id, client_id, channel_id, contact_id, last_message_at, created_at)
            SELECT conversation, $1, $2, contact, now(), now() FROM people
        ), message AS (
            INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, body, raw, state, api_key_id, created_at, category)
            SELECT gen_random_uuid(), $1, $2, conversation, contact, 'Outbound', 'text', text,
                json_build_object('kind', 'text', 'text', text), 'Queued', $3, now(), $7
            FROM generate_series(1, $5) AS round, people, LATERAL (SELECT format('%s %s.', $6, (round - 1) * $4 + n) AS text) content
            ORDER BY round, n
            RETURNING id, client_id, channel_id, conversation_id, body
        )
        INSERT INTO jobs (id, kind, client_id, channel_id, subject_id, run_at, order_key)
        SELECT gen_random_uuid(), 'Deliver', client_id, channel_id, id, now(), conversation_id
        FROM message ORDER BY regexp_replace(body, '\D', '', 'g')::int
        """;

    /// <summary>To so many new people so many messages each, in turns; they say "{text} 1.", "{text} 2.", …</summary>
    public static async Task QueueAsync(
        this WaMcpSystem system, TestClient client, int people, int each, string text, MessageCategory category = MessageCategory.Service)
    {
        await system.QueryAsync<object>(
            Sql, client.Client.Id.Value, client.Channel.Id.Value, client.Key.Id.Value, people, each, text, category.ToString(),
            15_560_000_000L + Random.Shared.NextInt64(1_000, 9_000) * 1_000);
        await system.QueryAsync<object>("NOTIFY wamcp_jobs");
    }
}
