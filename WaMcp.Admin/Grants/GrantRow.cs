using WaMcp.Admin.Output;
using WaMcp.Domain.Access;

namespace WaMcp.Admin.Grants;

/// <summary>A grant as the console shows it; client and channel by name and by id.</summary>
internal sealed record GrantRow(
    string Id,
    string ClientId,
    string Client,
    string ChannelId,
    string Channel,
    IReadOnlyList<string> Tools,
    int? DailyMessageCap,
    string State,
    DateTimeOffset CreatedAt,
    DateTimeOffset? RevokedAt) : IRow<GrantRow>
{
    public static IReadOnlyList<Column<GrantRow>> Columns { get; } =
    [
        new("id", row => row.Id),
        new("client", row => row.Client),
        new("channel", row => row.Channel),
        new("state", row => row.State),
        new("daily cap", row => PlainText.Number(row.DailyMessageCap)),
        new("created", row => PlainText.Time(row.CreatedAt)),
        new("revoked", row => PlainText.Time(row.RevokedAt)),
        new("tools", row => string.Join(',', row.Tools)),
    ];

    public static GrantRow Of(Grant grant, string client, string channel) => new(
        grant.Id.ToString(),
        grant.ClientId.ToString(),
        client,
        grant.ChannelId.ToString(),
        channel,
        grant.Tools,
        grant.DailyMessageCap,
        grant.RevokedAt is null ? "active" : "revoked",
        grant.CreatedAt,
        grant.RevokedAt);
}
