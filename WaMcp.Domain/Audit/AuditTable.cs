using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace WaMcp.Domain.Audit;

/// <summary>Writes audit rows: many by binary COPY, a few inside the transaction of what they tell about.</summary>
public static class AuditTable
{
    private const string Columns =
        "ts, action, client_id, api_key_id, request_id, tool_name, channel_id, provider_message_id, payload_hash, error_code, "
        + "latency_ms, ip, user_agent, metadata";

    /// <summary>Text may be a third party's and of any length; a column keeps this much.</summary>
    private const int TextLength = 200;

    /// <summary>Writes rows on an open connection, inside its transaction if it has one.</summary>
    public static async Task WriteAsync(NpgsqlConnection connection, IReadOnlyCollection<AuditRecord> records, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync($"COPY audit_log ({Columns}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        foreach (var record in records)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(record.Ts.ToUniversalTime(), NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync(record.Action, NpgsqlDbType.Text, cancellationToken);
            await WriteAsync(copy, record.ClientId?.Value, cancellationToken);
            await WriteAsync(copy, record.ApiKeyId?.Value, cancellationToken);
            await WriteAsync(copy, record.RequestId, cancellationToken);
            await WriteAsync(copy, record.ToolName, cancellationToken);
            await WriteAsync(copy, record.ChannelId?.Value, cancellationToken);
            await WriteAsync(copy, record.ProviderMessageId, cancellationToken);
            await WriteAsync(copy, record.PayloadHash, cancellationToken);
            await WriteAsync(copy, record.ErrorCode, cancellationToken);
            await WriteAsync(copy, record.LatencyMs, cancellationToken);
            await WriteAsync(copy, record.Ip, cancellationToken);
            await WriteAsync(copy, record.UserAgent, cancellationToken);
            await WriteAsync(copy, record.Metadata, cancellationToken, NpgsqlDbType.Jsonb);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    // Text that Postgres would refuse (a NUL) must not cost the row.
    private static string Clean(string text)
    {
        if (text.Length <= TextLength && !text.Any(NotKept))
        {
            return text;
        }

        var clean = new StringBuilder(Math.Min(text.Length, TextLength));
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, TextLength)))
        {
            clean.Append(NotKept(character) ? '?' : character);
        }

        return clean.ToString();
    }

    private static bool NotKept(char character) => char.IsControl(character) || char.IsSurrogate(character);

    private static Task WriteAsync(NpgsqlBinaryImporter copy, Guid? value, CancellationToken cancellationToken) =>
        value is { } id ? copy.WriteAsync(id, NpgsqlDbType.Uuid, cancellationToken) : copy.WriteNullAsync(cancellationToken);

    private static Task WriteAsync(NpgsqlBinaryImporter copy, double? value, CancellationToken cancellationToken) =>
        value is { } number ? copy.WriteAsync(number, NpgsqlDbType.Double, cancellationToken) : copy.WriteNullAsync(cancellationToken);

    private static Task WriteAsync(
        NpgsqlBinaryImporter copy, string? value, CancellationToken cancellationToken, NpgsqlDbType type = NpgsqlDbType.Text) =>
        value is { } text
            ? copy.WriteAsync(type == NpgsqlDbType.Text ? Clean(text) : text, type, cancellationToken)
            : copy.WriteNullAsync(cancellationToken);
}
