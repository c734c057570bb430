using System.Text.RegularExpressions;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;

namespace WaMcp.Server.Tools;

/// <summary>Whom a tool's input means.</summary>
internal static partial class RecipientArgument
{
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
            : throw Fault.Invalid(
                field,
                "is neither a phone number nor a user id.",
                "Give the number in international form with country code, for example +4915112345678, or a user id such as US.13491208655302741918.");
    }

    // A business-scoped user id: country, a dot, up to 128 alphanumerics; CC.ENT.… across portfolios.
    [GeneratedRegex(@"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex UserId();
}
