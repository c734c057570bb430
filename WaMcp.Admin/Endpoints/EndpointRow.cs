using System.Globalization;
using WaMcp.Admin.Output;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Admin.Endpoints;

/// <summary>An endpoint as the console shows it: nothing of its secrets.</summary>
internal sealed record EndpointRow(
    string Id,
    string ClientId,
    string Client,
    string Url,
    string? Description,
    IReadOnlyList<string> Events,
    IReadOnlyList<string> ChannelIds,
    string State,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DisabledAt,
    string? DisabledReason,
    DateTimeOffset? FailingSince,
    DateTimeOffset? HoldUntil,
    DateTimeOffset? LastSuccessAt,
    DateTimeOffset? LastFailureAt,
    int? LastStatus,
    string? LastError,
    DateTimeOffset? PreviousSecretUntil,
    int Waiting,
    int Dead) : IRow<EndpointRow>
{
    public static IReadOnlyList<Column<EndpointRow>> Columns { get; } =
    [
        new("id", row => row.Id),
        new("client", row => row.Client),
        new("url", row => PlainText.Line(row.Url)),
        new("for", row => row.Description is { } description ? PlainText.Line(description) : null),
        new("events", row => row.Events.Count == EndpointEvent.Types.Count ? "all" : string.Join(',', row.Events)),
        new("channels", row => row.ChannelIds.Count == 0 ? "all granted" : string.Join(',', row.ChannelIds)),
        new("state", row => row.State),
        new("last success", row => PlainText.Time(row.LastSuccessAt)),
        new("last failure", row => PlainText.Time(row.LastFailureAt)),
        new("last answer", row => row.LastError ?? (row.LastStatus is { } status ? string.Create(CultureInfo.InvariantCulture, $"HTTP {status}") : null)),
        new("waiting", row => PlainText.Number(row.Waiting)),
        new("given up", row => PlainText.Number(row.Dead)),
    ];

    public static EndpointRow Of(ListEndpoints.Listed listed)
    {
        var endpoint = listed.Endpoint;
        return new(
            endpoint.Id.ToString(),
            endpoint.ClientId.ToString(),
            listed.Client,
            endpoint.Url,
            endpoint.Description,
            endpoint.Events,
            [.. endpoint.ChannelIds.Select(id => new ChannelId(id).ToString())],
            endpoint.DisabledReason is { } reason ? $"disabled ({reason})" : endpoint.FailingSince is { } since ? $"failing since {PlainText.Time(since)}" : "ok",
            endpoint.CreatedAt,
            endpoint.DisabledAt,
            endpoint.DisabledReason,
            endpoint.FailingSince,
            endpoint.HoldUntil,
            endpoint.LastSuccessAt,
            endpoint.LastFailureAt,
            endpoint.LastStatus,
            endpoint.LastError,
            endpoint.PreviousSecretUntil,
            listed.Waiting,
            listed.Dead);
    }
}
