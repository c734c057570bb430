using System.Globalization;
using WaMcp.Admin.Output;
using WaMcp.Domain.Channels;

namespace WaMcp.Admin.Channels;

/// <summary>A channel as the console shows it: nothing of its credentials.</summary>
internal sealed record ChannelRow(
    string Id, string Name, string Kind, string Profile, string PhoneNumberId, string? WabaId, string DisplayPhone, int MessagesPerSecond,
    DateTimeOffset CreatedAt, DateTimeOffset? StoppedAt, string? StoppedReason, DateTimeOffset? PreviousSecretSince)
    : IRow<ChannelRow>
{
    public static IReadOnlyList<Column<ChannelRow>> Columns { get; } =
    [
        new("id", row => row.Id),
        new("name", row => row.Name),
        new("kind", row => row.Kind),
        new("profile", row => row.Profile),
        new("phone number id", row => row.PhoneNumberId),
        new("waba id", row => row.WabaId),
        new("phone", row => row.DisplayPhone),
        new("per second", row => row.MessagesPerSecond.ToString(CultureInfo.InvariantCulture)),
        new("created", row => PlainText.Time(row.CreatedAt)),
        new("stopped", row => row.StoppedReason),
        new("previous secret", row => row.PreviousSecretSince is { } since ? $"since {PlainText.Time(since)}" : null),
    ];

    public static ChannelRow Of(Channel channel) => new(
        channel.Id.ToString(),
        channel.Name,
        channel.Kind.ToString().ToLowerInvariant(),
        channel.Profile.ToString().ToLowerInvariant(),
        channel.ProviderId,
        channel.AccountId,
        channel.Address,
        channel.MessagesPerSecond,
        channel.CreatedAt,
        channel.StoppedAt,
        channel.StoppedReason,
        channel.AppSecretPreviousSealed is null ? null : channel.AppSecretRotatedAt);
}
