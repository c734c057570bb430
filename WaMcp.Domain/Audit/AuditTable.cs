using Npgsql;
using NpgsqlTypes;

namespace WaMcp.Domain.Audit;

/// <summary>
/// Writes audit rows, and with them, in the same statement, the batch that makes them tamper-evident and the notary's order to seal it: all
/// of it is there or nothing.
/// </summary>
public static class AuditTable
{
    // An id and a digest stay together from the first line on, whatever order Postgres writes in; only Postgres knows the ids, so it hashes.
    private const string Store =
        """
        WITH input AS MATERIALIZED (
            SELECT nextval('audit_log_id_seq') AS id, row.*
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                AS row (ts, action, client_id, api_key_id, request_id, tool_name, channel_id, provider_message_id, payload_hash, error_code,
                    latency_ms, ip, user_agent, metadata, digest)
        ), stored AS (
            INSERT INTO audit_log (id, ts, action, client_id, api_key_id, request_id, tool_name, channel_id, provider_message_id, payload_hash,
                error_code, latency_ms, ip, user_agent, metadata)
            SELECT id, ts, action, client_id, api_key_id, request_id, tool_name, channel_id, provider_message_id, payload_hash,
                error_code, latency_ms, ip, user_agent, metadata
            FROM input
        ), sums AS MATERIALIZED (
            SELECT clock_timestamp() AS written_at, min(id) AS first_id, max(id) AS last_id, count(*) AS count,
                coalesce(string_agg(int8send(id) || digest, '' ORDER BY id), '') AS entries
            FROM input
        ), batch AS (
            INSERT INTO audit_batches (nonce, writer, closing, written_at, first_id, last_id, count, entries, hash)
            SELECT $16, $17, $18, written_at, first_id, last_id, count, entries, sha256($19 || timestamptz_send(written_at) || entries)
            FROM sums
            RETURNING id
        )
        INSERT INTO audit_unsealed (batch_id) SELECT id FROM batch
        """;

    /// <summary>Writes rows on an open connection, inside its transaction if it has one.</summary>
    public static Task WriteAsync(NpgsqlConnection connection, IReadOnlyCollection<AuditRecord> records, CancellationToken cancellationToken) =>
        WriteAsync(connection, [.. records.Select(DigestedRow.Of)], Guid.CreateVersion7(), writer: null, closing: false, cancellationToken);

    /// <summary>Writes the rows of a queue; none is a batch as well.</summary>
    /// <exception cref="PostgresException">A unique violation of <c>audit_batches_nonce_key</c>: this very batch is there already.</exception>
    internal static async Task WriteAsync(
        NpgsqlConnection connection, IReadOnlyList<DigestedRow> rows, Guid nonce, Guid? writer, bool closing, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Store, connection);
        Add(NpgsqlDbType.TimestampTz, row => row.Row.Ts);
        Add(NpgsqlDbType.Text, row => row.Row.Action);
        Add(NpgsqlDbType.Uuid, row => row.Row.ClientId);
        Add(NpgsqlDbType.Uuid, row => row.Row.ApiKeyId);
        Add(NpgsqlDbType.Text, row => row.Row.RequestId);
        Add(NpgsqlDbType.Text, row => row.Row.ToolName);
        Add(NpgsqlDbType.Uuid, row => row.Row.ChannelId);
        Add(NpgsqlDbType.Text, row => row.Row.ProviderMessageId);
        Add(NpgsqlDbType.Text, row => row.Row.PayloadHash);
        Add(NpgsqlDbType.Text, row => row.Row.ErrorCode);
        Add(NpgsqlDbType.Double, row => row.Row.LatencyMs);
        Add(NpgsqlDbType.Text, row => row.Row.Ip);
        Add(NpgsqlDbType.Text, row => row.Row.UserAgent);
        Add(NpgsqlDbType.Jsonb, row => row.Row.Metadata);
        Add(NpgsqlDbType.Bytea, row => row.Digest);
        command.Parameters.Add(new() { Value = nonce });
        command.Parameters.Add(new() { Value = writer ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = closing });
        command.Parameters.Add(new() { Value = AuditBatch.Header(nonce, writer, closing, rows.Count) });
        await command.PrepareAsync(cancellationToken); // planning it takes longer than running it
        await command.ExecuteNonQueryAsync(cancellationToken);

        void Add<T>(NpgsqlDbType type, Func<DigestedRow, T> column)
        {
            var values = new T[rows.Count];
            for (var index = 0; index < values.Length; index++)
            {
                values[index] = column(rows[index]);
            }

            command.Parameters.Add(new() { Value = values, NpgsqlDbType = NpgsqlDbType.Array | type });
        }
    }
}
