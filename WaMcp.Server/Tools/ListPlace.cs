using System.Globalization;
using WaMcp.Domain;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;

namespace WaMcp.Server.Tools;

/// <summary>Where a page of conversations ended: the last one's time and id.</summary>
internal static class ListPlace
{
    private static readonly (DateTimeOffset, Guid) Front = (DateTimeOffset.MaxValue, Guid.AllBitsSet);

    public static string Write(DateTimeOffset at, Guid id) =>
        string.Create(CultureInfo.InvariantCulture, $"{at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks}~{new ConversationId(id)}");

    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public static (DateTimeOffset At, Guid Id) Read(string? text)
    {
        if (text is null)
        {
            return Front;
        }

        return text.Split('~') is [var ticks, var id]
            && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var since)
            && since <= DateTimeOffset.MaxValue.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks
            && TypedId.TryParse<ConversationId>(id, out var conversation)
                ? (DateTimeOffset.UnixEpoch.AddTicks(since), conversation.Value)
                : throw Fault.Invalid("next", "is no next of an earlier page.", "Pass it exactly as it was, or leave it out to begin at the front.");
    }
}
