using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>Reads third-party JSON: every member may be missing or of another type, and then it is not there.</summary>
internal static class WhatsAppJson
{
    private const int MostIdLetters = 512;

    private static readonly JsonElement NoItems = JsonSerializer.SerializeToElement(Array.Empty<int>());

    public static JsonElement.ArrayEnumerator Items(JsonElement? element, string name) =>
        (Member(element, name) is { ValueKind: JsonValueKind.Array } array ? array : NoItems).EnumerateArray();

    public static JsonElement? Member(JsonElement? element, string name)
    {
        try
        {
            return element is { ValueKind: JsonValueKind.Object } holder && holder.TryGetProperty(name, out var member) ? member : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair in some member's name
        }
    }

    /// <summary>A text that is not empty.</summary>
    public static string? Text(JsonElement? element, string name) => Words(element, name) is { Length: > 0 } text ? text : null;

    /// <summary>An id or a number of somebody; one that is longer than any index could hold is none.</summary>
    public static string? Id(JsonElement? element, string name) => Text(element, name) is { Length: <= MostIdLetters } id ? id : null;

    /// <summary>A text, also an empty one.</summary>
    public static string? Words(JsonElement? element, string name)
    {
        if (Member(element, name) is not { ValueKind: JsonValueKind.String } text)
        {
            return null;
        }

        try
        {
            return text.GetString()!.Replace("\0", "", StringComparison.Ordinal); // Postgres cannot keep a NUL in text
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair, or bytes that are no UTF-8: only the raw document can hold it
        }
    }

    /// <summary>The document as it came, but that bytes which are no UTF-8 are replaced: no database keeps those in text.</summary>
    public static string Raw(JsonElement element) => Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(element));

    /// <summary>Whether it is UTF-8 throughout, as JSON must be; the parser lets other bytes pass.</summary>
    public static bool IsText(JsonElement element) => Utf8.IsValid(JsonMarshal.GetRawUtf8Value(element));

    public static bool? Flag(JsonElement? element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.True or JsonValueKind.False } flag ? flag.GetBoolean() : null;

    public static int? Whole(JsonElement? element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;

    /// <summary>A number; Meta's documents write some of them as text.</summary>
    public static double? Number(JsonElement? element, string name)
    {
        var value = Member(element, name) is { ValueKind: JsonValueKind.Number } number
            ? (number.TryGetDouble(out var given) ? given : (double?)null)
            : double.TryParse(Text(element, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) ? parsed : null;
        return value is { } real && double.IsFinite(real) ? real : null;
    }

    /// <summary>Seconds since 1970, as text or as a number.</summary>
    public static DateTimeOffset? TryTime(JsonElement? element, string name = "timestamp")
    {
        var seconds = Member(element, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value
            : long.TryParse(Text(element, name), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed
            : (long?)null;
        return seconds is >= 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds.Value) : null;
    }

    public static DateTimeOffset Time(JsonElement? element) => TryTime(element) ?? DateTimeOffset.UnixEpoch;
}
