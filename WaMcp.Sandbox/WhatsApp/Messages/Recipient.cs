using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.WhatsApp.Messages;

/// <summary>Who a message is for: <c>to</c> is a phone number with or without +, <c>recipient</c> a user id; <c>to</c> wins.</summary>
internal readonly record struct Recipient(string Input, Customer Customer, bool ByUserId)
{
    public static Recipient Of(JsonElement message, BusinessNumber sender, Customers customers)
    {
        if (message.FindText("recipient_type") is not (null or "individual"))
        {
            throw GraphFault.BadParameter("recipient_type must be 'individual'; the sandbox has no groups.");
        }

        if (message.FindText("to") is { Length: > 0 } to)
        {
            var digits = Digits(to) ?? throw GraphFault.Invalid("'to' is not a phone number.");
            return digits == sender.Digits ? throw new GraphFault(131021) : new Recipient(to, customers.ByWaId(digits), ByUserId: false);
        }

        if (message.FindText("recipient") is { Length: > 0 } userId)
        {
            return UserIds.IsWellFormed(userId)
                ? new Recipient(userId, customers.ByUserId(userId), ByUserId: true)
                : throw GraphFault.Invalid("'recipient' is not a user id.");
        }

        throw GraphFault.Required("to");
    }

    /// <summary>The digits of a phone number as people write it, or null when it cannot be one.</summary>
    public static string? Digits(string text)
    {
        Span<char> digits = stackalloc char[15];
        var length = 0;
        foreach (var sign in text)
        {
            if (char.IsAsciiDigit(sign))
            {
                if (length == digits.Length)
                {
                    return null;
                }

                digits[length++] = sign;
            }
            else if (sign is not ('+' or '-' or ' ' or '(' or ')' or '.'))
            {
                return null;
            }
        }

        return length >= 7 ? digits[..length].ToString() : null;
    }
}
