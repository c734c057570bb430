using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace WaMcp.Domain.Audit;

/// <summary>
/// The JSON Canonicalization Scheme, RFC 8785: one byte sequence for every way to write the same document. Members are sorted by the
/// UTF-16 code units of their names, numbers are written as ECMAScript writes a double, strings with the fewest escapes.
/// </summary>
/// <remarks>
/// A number is the double nearest to it, as in ECMAScript and in the RFC (3.2.2.3): two whole numbers beyond 2^53 can have one form. What I-JSON
/// (RFC 7493) forbids has none: two members of one name, because every parser picks another; half of a surrogate pair; a number beyond double.
/// </remarks>
public static class CanonicalJson
{
    /// <summary>The canonical UTF-8 form.</summary>
    /// <exception cref="Fault">The document has no canonical form.</exception>
    public static byte[] Of(JsonElement element)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        try
        {
            Write(buffer, element);
        }
        catch (InvalidOperationException exception)
        {
            throw new Fault(FaultCode.InvalidInput, "A text holds half of a surrogate pair.", inner: exception); // as JsonElement says it
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(ArrayBufferWriter<byte> output, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, element);
                break;
            case JsonValueKind.Array:
                WriteArray(output, element);
                break;
            case JsonValueKind.String:
                WriteString(output, element.GetString()!);
                break;
            case JsonValueKind.Number:
                Append(output, Number(element));
                break;
            default:
                Append(output, element.GetRawText());
                break;
        }
    }

    private static void WriteObject(ArrayBufferWriter<byte> output, JsonElement element)
    {
        Append(output, "{");
        string? last = null;
        foreach (var (name, value) in element.EnumerateObject().Select(member => (member.Name, member.Value)).OrderBy(member => member.Name, StringComparer.Ordinal))
        {
            if (name == last)
            {
                throw Fault.Invalid("member", "Two members of one object have the same name.");
            }

            Append(output, last is null ? "" : ",");
            WriteString(output, name);
            Append(output, ":");
            Write(output, value);
            last = name;
        }

        Append(output, "}");
    }

    private static void WriteArray(ArrayBufferWriter<byte> output, JsonElement element)
    {
        Append(output, "[");
        var first = true;
        foreach (var item in element.EnumerateArray())
        {
            Append(output, first ? "" : ",");
            Write(output, item);
            first = false;
        }

        Append(output, "]");
    }

    private static void WriteString(ArrayBufferWriter<byte> output, string text)
    {
        var escaped = new StringBuilder(text.Length + 2).Append('"');
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => escaped.Append("\\\""),
                '\\' => escaped.Append("\\\\"),
                '\b' => escaped.Append("\\b"),
                '\t' => escaped.Append("\\t"),
                '\n' => escaped.Append("\\n"),
                '\f' => escaped.Append("\\f"),
                '\r' => escaped.Append("\\r"),
                < ' ' => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => escaped.Append(character),
            };
        }

        Append(output, escaped.Append('"').ToString());
    }

    /// <summary>ECMA-262 Number::toString over the shortest digits that read back as the same double.</summary>
    private static string Number(JsonElement element)
    {
        if (!element.TryGetDouble(out var value) || !double.IsFinite(value))
        {
            throw Fault.Invalid("number", "A number is outside the range of a double.");
        }

        if (value == 0)
        {
            return "0"; // also for -0
        }

        // "R" gives the shortest round-trip digits; only its layout differs from ECMAScript's.
        var text = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var exponentAt = text.IndexOf('E', StringComparison.Ordinal);
        var mantissa = exponentAt < 0 ? text : text[..exponentAt];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var exponent = exponentAt < 0 ? 0 : int.Parse(text.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var whole = point < 0 ? mantissa.Length : point;
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var leading = digits.Length - digits.TrimStart('0').Length;
        digits = digits.Trim('0');

        // value = 0.digits x 10^scale
        var scale = whole - leading + exponent;
        return (value < 0 ? "-" : "") + Layout(digits, scale);
    }

    private static string Layout(string digits, int scale)
    {
        var count = digits.Length;
        if (scale is > 0 and <= 21)
        {
            return count <= scale ? digits.PadRight(scale, '0') : $"{digits[..scale]}.{digits[scale..]}";
        }

        if (scale is > -6 and <= 0)
        {
            return $"0.{new string('0', -scale)}{digits}";
        }

        var exponent = scale - 1;
        var mantissa = count == 1 ? digits : $"{digits[0]}.{digits[1..]}";
        return $"{mantissa}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent).ToString(CultureInfo.InvariantCulture)}";
    }

    private static void Append(ArrayBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);
}
