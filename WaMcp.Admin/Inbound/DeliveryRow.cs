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
    int PartsWaiting,
    int PartsDead,
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
        new("parts left", row => Left(row.PartsWaiting, row.PartsDead)),
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
        summary.PartsWaiting,
        summary.PartsDead,
        summary.Bytes,
        summary.RequestId);

    private static string? Left(int waiting, int dead) => (waiting, dead) switch
    {
        (0, 0) => null,
        (_, 0) => $"{waiting} waiting",
        (0, _) => $"{dead} dead",
        _ => $"{waiting} waiting, {dead} dead",
    };
}
