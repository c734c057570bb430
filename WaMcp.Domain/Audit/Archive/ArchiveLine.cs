using System.Globalization;
using System.Text.Json;

namespace WaMcp.Domain.Audit.Archive;

/// <summary>
/// One row as a line of JSON. Postgres writes it (<c>row_to_json</c>) and reads it again (<c>json_populate_record</c>), which gives the same
/// row to the bit; here it is read only to compute the digest.
/// </summary>
public static class ArchiveLine
{
    /// <summary>The row.</summary>
    /// <exception cref="Fault"><c>conflict</c>: it is no line of an archive.</exception>
    public static AuditRow Read(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var row = document.RootElement;
            return new()
            {
                Id = row.GetProperty("id").GetInt64(),
                Ts = AuditTime.Of(DateTimeOffset.Parse(Text(row, "ts")!, CultureInfo.InvariantCulture)),
                Action = Text(row, "action")!,
                ClientId = Uuid(row, "client_id"),
                ApiKeyId = Uuid(row, "api_key_id"),
                RequestId = Text(row, "request_id"),
                ToolName = Text(row, "tool_name"),
                ChannelId = Uuid(row, "channel_id"),
                ProviderMessageId = Text(row, "provider_message_id"),
                PayloadHash = Text(row, "payload_hash"),
                ErrorCode = Text(row, "error_code"),
                LatencyMs = Number(row, "latency_ms"),
                Ip = Text(row, "ip"),
                UserAgent = Text(row, "user_agent"),
                Metadata = row.GetProperty("metadata") is { ValueKind: not JsonValueKind.Null } metadata ? metadata.GetRawText() : null,
            };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            throw new Fault(FaultCode.Conflict, "A line of the audit archive is no audit row.", inner: exception);
        }
    }

    private static string? Text(JsonElement row, string name) => row.GetProperty(name).GetString();

    private static Guid? Uuid(JsonElement row, string name) => Text(row, name) is { } text ? Guid.Parse(text) : null;

    // JSON has no NaN and no Infinity: Postgres writes those as strings.
    private static double? Number(JsonElement row, string name) => row.GetProperty(name) switch
    {
        { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } text => double.Parse(text.GetString()!, CultureInfo.InvariantCulture),
        var number => number.GetDouble(),
    };
}
