using WaMcp.Admin.Output;
using WaMcp.Domain.Access;

namespace WaMcp.Admin.Keys;

/// <summary>A key as the console shows it: its public prefix, nothing that recognises the token.</summary>
internal sealed record KeyRow(
    string Id,
    string Prefix,
    string ClientId,
    string Client,
    string Environment,
    string Label,
    IReadOnlyList<string> Scopes,
    int RpmLimit,
    int? DailyMessageLimit,
    string State,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt,
    string? ReplacedBy,
    DateTimeOffset? LastUsedAt) : IRow<KeyRow>
{
    public static IReadOnlyList<Column<KeyRow>> Columns { get; } =
    [
        new("id", row => row.Id),
        new("prefix", row => row.Prefix),
        new("client", row => row.Client),
        new("label", row => row.Label),
        new("state", row => row.State),
        new("rpm", row => PlainText.Number(row.RpmLimit)),
        new("daily", row => PlainText.Number(row.DailyMessageLimit)),
        new("created", row => PlainText.Time(row.CreatedAt)),
        new("expires", row => PlainText.Time(row.ExpiresAt)),
        new("last used", row => PlainText.Time(row.LastUsedAt)),
        new("scopes", row => string.Join(',', row.Scopes)),
    ];

    public static KeyRow Of(ApiKey key, string client, DateTimeOffset now) => new(
        key.Id.ToString(),
        key.Prefix,
        key.ClientId.ToString(),
        client,
        key.Environment,
        key.Label,
        key.Scopes,
        key.RpmLimit,
        key.DailyMessageLimit,
        StateOf(key, now),
        key.CreatedAt,
        key.ExpiresAt,
        key.RevokedAt,
        key.ReplacedBy?.ToString(),
        key.LastUsedAt);

    private static string StateOf(ApiKey key, DateTimeOffset now) =>
        key.RevokedAt is not null ? (key.EndedByRotation ? "rotated" : "revoked")
        : key.ExpiresAt <= now ? (key.ReplacedBy is null ? "expired" : "rotated")
        : key.ReplacedBy is null ? "active" : "grace";
}
