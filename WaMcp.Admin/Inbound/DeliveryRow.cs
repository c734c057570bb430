using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using WaMcp.Admin.Output;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Inbox;

namespace WaMcp.Admin.Inbound;

/// <summary>A delivery as the console shows it.</summary>
internal sealed record DeliveryRow(
    string Id,
    string Provider,
    DateTimeOffset ReceivedAt,
    DateTimeOffset? FannedOutAt,
    Dictionary<string, int> Outcomes,
    string[] ChannelIds,
    int Bytes,
    string RequestId)
    : IRow<DeliveryRow>
{
    /// <summary>What it says, when that was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Raw { get; init; }

    public static IReadOnlyList<Column<DeliveryRow>> Columns { get; } =
    [
        new("id", row => row.Id),
        new("provider", row => row.Provider),
        new("received", row => PlainText.Time(row.ReceivedAt)),
        new("became", row => row.FannedOutAt is null ? DeliveryOutcome.Waiting : string.Join(", ", row.Outcomes.Select(count => $"{count.Key} {count.Value}"))),
        new("channels", row => row.ChannelIds.Length == 0 ? null : string.Join(' ', row.ChannelIds)),
        new("bytes", row => row.Bytes.ToString(CultureInfo.InvariantCulture)),
        new("request", row => row.RequestId),
    ];

    public static DeliveryRow Of(ListDeliveries.Summary summary) => new(
        summary.Id.ToString(),
        summary.Provider.ToString().ToLowerInvariant(),
        summary.ReceivedAt,
        summary.FannedOutAt,
        JsonSerializer.Deserialize(summary.Counts, AdminJson.Default.DictionaryStringInt32)!,
        [.. summary.ChannelIds.Select(channel => new ChannelId(channel).ToString())],
        summary.Bytes,
        summary.RequestId);

    public static DeliveryRow Of(WebhookEvent webhook) => Of(new ListDeliveries.Summary(
        webhook.Id, webhook.Provider, webhook.ReceivedAt, webhook.FannedOutAt, webhook.Counts, webhook.ChannelIds, webhook.Body.Length, webhook.RequestId));
}
