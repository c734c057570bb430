using System.Globalization;
using WaMcp.Domain;

namespace WaMcp.Admin.CommandLine;

/// <summary>Durations as operators write them: <c>90d</c>, <c>24h</c>, <c>30m</c>.</summary>
internal static class Duration
{
    // Long enough for anything, short enough that adding it to today is still a date.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public static TimeSpan Parse(string field, string text)
    {
        var unit = text.Length == 0 ? TimeSpan.Zero : text[^1] switch
        {
            'd' => TimeSpan.FromDays(1),
            'h' => TimeSpan.FromHours(1),
            'm' => TimeSpan.FromMinutes(1),
            _ => TimeSpan.Zero,
        };
        return unit > TimeSpan.Zero
            && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count <= Longest / unit
            ? count * unit
            : throw Fault.Invalid(field, $"'{text}' is not a duration.", "Give a number and d, h or m: 90d, 24h, 30m (at most 36500d).");
    }
}
