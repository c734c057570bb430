using Npgsql;

namespace WaMcp.Domain.Inbox;

/// <summary>Says of a part that was handed out that nobody got it.</summary>
public static class EndPart
{
    /// <summary>Counts it as something else than handed out, inside the caller's transaction.</summary>
    /// <param name="connection">The caller's.</param>
    /// <param name="delivery">Whose part.</param>
    /// <param name="word">What became of it instead (<see cref="DeliveryOutcome"/>).</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public static async Task AsAsync(NpgsqlConnection connection, Guid delivery, string word, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            WITH before AS (
                SELECT id, coalesce((counts->>$2)::int, 0) + 1 AS ended, coalesce((counts->>$3)::int, 0) - 1 AS handed_out FROM webhook_events WHERE id = $1 FOR UPDATE)
            UPDATE webhook_events SET
                counts = CASE WHEN handed_out > 0 THEN jsonb_set(counts, ARRAY[$3], to_jsonb(handed_out)) ELSE counts - $3 END || jsonb_build_object($2, ended),
                outcomes = ARRAY(SELECT DISTINCT each FROM unnest(outcomes || $2) AS each WHERE each <> $3 OR handed_out > 0)
            FROM before WHERE webhook_events.id = before.id RETURNING provider
            """,
            connection)
        {
            Parameters = { new() { Value = delivery }, new() { Value = word }, new() { Value = DeliveryOutcome.FannedOut } },
        };
        if (await command.ExecuteScalarAsync(cancellationToken) is string provider)
        {
            WaMcpTelemetry.DeliveryEnded(provider, word, 1);
        }
    }
}
