using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Audit;

namespace WaMcp.Benchmarks.Audit;

/// <summary>What writing the same rows would cost without batches, digests, queue and cleaning.</summary>
/// <param name="database">As wa_app.</param>
/// <param name="rows">Ready made.</param>
internal sealed class PlainCopy(NpgsqlDataSource database, AuditRow[] rows)
{
    private const int Batch = 5_000;

    public async Task RunAsync(int count, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        for (var from = 0; from < count; from += Batch)
        {
            await CopyAsync(connection, rows.AsMemory(from, Math.Min(Batch, count - from)), cancellationToken);
        }
    }

    private static async Task CopyAsync(NpgsqlConnection connection, ReadOnlyMemory<AuditRow> rows, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            """
            COPY audit_plain (ts, action, client_id, api_key_id, request_id, tool_name, payload_hash, latency_ms, ip, user_agent)
            FROM STDIN (FORMAT BINARY)
            """,
            cancellationToken);
        for (var index = 0; index < rows.Length; index++)
        {
            var row = rows.Span[index];
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(row.Ts, NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync(row.Action, cancellationToken);
            await copy.WriteAsync(row.ClientId!.Value, cancellationToken);
            await copy.WriteAsync(row.ApiKeyId!.Value, cancellationToken);
            await copy.WriteAsync(row.RequestId!, cancellationToken);
            await copy.WriteAsync(row.ToolName!, cancellationToken);
            await copy.WriteAsync(row.PayloadHash!, cancellationToken);
            await copy.WriteAsync(row.LatencyMs!.Value, cancellationToken);
            await copy.WriteAsync(row.Ip!, cancellationToken);
            await copy.WriteAsync(row.UserAgent!, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }
}
