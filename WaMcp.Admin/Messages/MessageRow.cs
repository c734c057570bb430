using WaMcp.Admin.Output;
using WaMcp.Domain.Messages;

namespace WaMcp.Admin.Messages;

/// <summary>A message as the console shows it: never what it says.</summary>
internal sealed record MessageRow(
    string Id,
    string ClientId,
    string ChannelId,
    string ConversationId,
    string Direction,
    string Kind,
    string State,
    string? ErrorCode,
    string? ErrorText,
    string? ProviderMessageId,
    DateTimeOffset CreatedAt,
    DateTimeOffset? UnknownAt,
    DateTimeOffset? SentAt,
    DateTimeOffset? DeliveredAt,
    DateTimeOffset? ReadAt,
    DateTimeOffset? FailedAt)
    : IRow<MessageRow>
{
    public static IReadOnlyList<Column<MessageRow>> Columns { get; } =
    [
        new("id", row => row.Id),
        new("channel", row => row.ChannelId),
        new("kind", row => row.Kind),
        new("state", row => row.State),
        new("created", row => PlainText.Time(row.CreatedAt)),
        new("unknown since", row => PlainText.Time(row.UnknownAt)),
        new("sent", row => PlainText.Time(row.SentAt)),
        new("failed", row => PlainText.Time(row.FailedAt)),
        new("error", row => row.ErrorText is { } text ? PlainText.Line($"{row.ErrorCode}: {text}") : row.ErrorCode),
    ];

    public static MessageRow Of(Message message) => new(
        message.Id.ToString(),
        message.ClientId.ToString(),
        message.ChannelId.ToString(),
        message.ConversationId.ToString(),
        message.Direction.ToString().ToLowerInvariant(),
        message.Kind,
        message.State.ToString().ToLowerInvariant(),
        message.ErrorCode,
        message.ErrorText,
        message.ProviderMessageId,
        message.CreatedAt,
        message.UnknownAt,
        message.SentAt,
        message.DeliveredAt,
        message.ReadAt,
        message.FailedAt);
}
