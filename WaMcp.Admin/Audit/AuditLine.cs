using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using WaMcp.Admin.Output;

namespace WaMcp.Admin.Audit;

/// <summary>An audit row as the console shows it; JSON has every column, the table those that fit.</summary>
internal sealed record AuditLine(
    long Id,
    DateTimeOffset Ts,
    string Action,
    string? ClientId,
    string? Client,
    string? ApiKeyId,
    string? Key,
    string? RequestId,
    string? Tool,
    string? ChannelId,
    string? Channel,
    string? ProviderMessageId,
    string? PayloadHash,
    string? ErrorCode,
    [property: JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)] double? LatencyMs,
    string? Ip,
    string? UserAgent,
    JsonElement? Metadata) : IRow<AuditLine>
{
    public static IReadOnlyList<Column<AuditLine>> Columns { get; } =
    [
        new("time", row => row.Ts.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
        new("action", row => row.Action),
        new("client", row => row.Client ?? row.ClientId),
        new("key", row => row.Key ?? row.ApiKeyId),
        new("tool", row => row.Tool),
        new("channel", row => row.Channel ?? row.ChannelId),
        new("error", row => row.ErrorCode),
        new("ms", row => row.LatencyMs?.ToString("0.0", CultureInfo.InvariantCulture)),
        new("ip", row => row.Ip),
        new("request", row => row.RequestId),
        new("facts", row => row.Metadata?.GetRawText()),
    ];
}
