using WaMcp.Admin.Output;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Clients;

/// <summary>A client as the console shows it.</summary>
internal sealed record ClientRow(
    string Id, string Slug, string DisplayName, bool IsOwner, bool Enabled, DateTimeOffset CreatedAt, DateTimeOffset? DisabledAt,
    int? RetentionDays) : IRow<ClientRow>
{
    public static IReadOnlyList<Column<ClientRow>> Columns { get; } =
    [
        new("id", row => row.Id),
        new("slug", row => row.Slug),
        new("name", row => row.DisplayName),
        new("owner", row => row.IsOwner ? "owner" : null),
        new("state", row => row.Enabled ? "enabled" : "disabled"),
        new("created", row => PlainText.Time(row.CreatedAt)),
        new("disabled", row => PlainText.Time(row.DisabledAt)),
        new("retention", row => row.RetentionDays is { } days ? $"{days}d" : null),
    ];

    public static ClientRow Of(Client client) => new(
        client.Id.ToString(), client.Slug, client.DisplayName, client.IsOwner, client.DisabledAt is null, client.CreatedAt, client.DisabledAt,
        client.RetentionDays);
}
