using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using WaMcp.Domain.Access;

namespace WaMcp.Domain.Audit;

/// <summary>What an audit row keeps of a text: short, printable, and without what must never be in it.</summary>
internal static partial class AuditText
{
    /// <summary>Text may be a third party's and of any length; a column keeps this much.</summary>
    private const int Length = 200;

    /// <summary>A text of ours or of a provider, without keys that somebody put into it.</summary>
    public static string? Kept(string? text) => text is null ? null : KeyToken.Masked(Printable(text));

    /// <summary>A text that a caller chose: also without e-mail addresses and phone numbers.</summary>
    public static string? OfCaller(string? text) => Kept(text) is { } kept ? Phone().Replace(Email().Replace(kept, "(e-mail)"), "(number)") : null;

    /// <summary>
    /// A provider's message id as its SHA-256, in hex: WhatsApp's holds the other side's phone number in base64. Whoever has the id finds
    /// its rows all the same.
    /// </summary>
    public static string? Fingerprint(string? id) => id is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));

    // Text that Postgres would refuse (a NUL) must not cost the row.
    private static string Printable(string text)
    {
        if (text.Length <= Length && !text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return text;
        }

        var clean = new StringBuilder(Math.Min(text.Length, Length));
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, Length)))
        {
            clean.Append(NotKept(character) ? '?' : character);
        }

        return clean.ToString();
    }

    private static bool NotKept(char character) => char.IsControl(character) || char.IsSurrogate(character);

    [GeneratedRegex(@"[^\s@<>()\[\],;:""]+@[^\s@<>()\[\],;:""]+", RegexOptions.CultureInvariant)]
    private static partial Regex Email();

    // A plus and digits, or nine digits and more, however they are set apart; versions (120.0.6099) and dates (20100101) stay.
    [GeneratedRegex(@"\+\d[\d ()/-]{5,}\d|\d(?:[ ()/-]{0,2}\d){8,}", RegexOptions.CultureInvariant)]
    private static partial Regex Phone();
}
