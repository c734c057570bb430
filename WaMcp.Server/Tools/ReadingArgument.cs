using System.Globalization;
using WaMcp.Domain;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;

namespace WaMcp.Server.Tools;

/// <summary>What the inputs of reading tools have in common.</summary>
internal static class ReadingArgument
{
    public const int DefaultLimit = 20;
    public const int MaxLimit = 100;

    /// <summary>Where counting unread messages ends.</summary>
    public const int MostUnread = 100;

    private static readonly string[] Times = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public static int Limit(int limit, int most = MaxLimit) => limit >= 1 && limit <= most ? limit : throw Fault.Invalid("limit", $"must be 1 to {most}.");

    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public static TId? Id<TId>(string field, string? text)
        where TId : struct, ITypedId<TId>
    {
        if (text is null)
        {
            return null;
        }

        return TypedId.TryParse<TId>(text, out var id) ? id : throw Fault.Invalid(field, $"is not an id that begins with {TId.Prefix}_.");
    }

    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public static ReadingCursor? Cursor(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return ReadingCursor.TryParse(text, out var cursor)
            ? cursor
            : throw Fault.Invalid("since", "is no cursor.", "Pass the cursor of an earlier answer exactly as it was; without one the answer has a new one.");
    }

    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public static DateTimeOffset? Time(string field, string? text)
    {
        if (text is null)
        {
            return null;
        }

        return DateTimeOffset.TryParseExact(text, Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw Fault.Invalid(field, "is no time.", "Write it as ISO 8601, for example 2026-03-01T09:00:00Z; without a zone it is UTC.");
    }
}
