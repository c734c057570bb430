using System.Text.RegularExpressions;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;

namespace WaMcp.Server.Tools;

/// <summary>Whom a tool's input means.</summary>
internal static partial class RecipientArgument
{
    private const string Ask =
        "Give the number in international form with country code, for example +4915112345678, or a user id such as US.13491208655302741918.";

    /// <exception cref="Fault"><c>invalid_input</c>: neither a phone number nor a user id.</exception>
    public static Recipient Read(string field, string text)
    {
        var trimmed = text.Trim();
        if (UserId().IsMatch(trimmed))
        {
            return new Recipient(trimmed, null);
        }

        return PhoneNumber.Normalize(trimmed) is { } digits
            ? new Recipient(null, digits)
            : throw Fault.Invalid(field, Problem(trimmed), Ask);
    }

    private static string Problem(string text)
    {
        if (LikeAUserId().IsMatch(text))
        {
            return "is not a user id: after the country and the dot there are 1 to 128 letters and digits.";
        }

        if (!text.Any(char.IsAsciiDigit) || text.Any(char.IsLetter))
        {
            return "is neither a phone number nor a user id.";
        }

        var digits = text.Count(char.IsAsciiDigit);
        return digits is < 7 or > 15 ? $"has {digits} digits; phone numbers have 7 to 15 with the country code."
            : text.TrimStart('+', '(', ' ').StartsWith('0') ? "begins with 0: the country code is missing."
            : "is neither a phone number nor a user id.";
    }

    // A business-scoped user id: country, a dot, up to 128 alphanumerics; CC.ENT.… across portfolios.
    [GeneratedRegex(@"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex UserId();

    [GeneratedRegex(@"^[A-Za-z]{2}\.", RegexOptions.CultureInvariant)]
    private static partial Regex LikeAUserId();
}
