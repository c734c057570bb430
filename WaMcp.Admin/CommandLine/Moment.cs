using System.Globalization;
using WaMcp.Domain;

namespace WaMcp.Admin.CommandLine;

/// <summary>Moments as operators write them: so long ago (<c>24h</c>), or a time (<c>2026-11-22T08:00Z</c>), which is UTC unless it says otherwise.</summary>
internal static class Moment
{
    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public static DateTimeOffset Parse(string field, string text, DateTimeOffset now)
    {
        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (text.Contains('-', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, utc, out var time))
        {
            return time;
        }

        try
        {
            return now - Duration.Parse(field, text);
        }
        catch (Fault)
        {
            throw Fault.Invalid(field, $"'{text}' is no moment.", "Say how long ago (90d, 24h, 30m), or when (2026-11-22 or 2026-11-22T08:00Z).");
        }
    }
}
