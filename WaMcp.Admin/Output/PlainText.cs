using System.Globalization;

namespace WaMcp.Admin.Output;

/// <summary>Texts as one line of a terminal shows them.</summary>
internal static class PlainText
{
    /// <summary>The text on one line, without anything a terminal would act upon: names come from people, and some of them elsewhere.</summary>
    public static string Line(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character)) : text;

    /// <summary>A time to the minute; lists are for overview, JSON has it whole.</summary>
    public static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    public static string? Number(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
