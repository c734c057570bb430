namespace WaMcp.Domain.Contacts;

/// <summary>Phone numbers as people write them, as E.164 digits.</summary>
public static class PhoneNumber
{
    /// <summary>Digits without the plus, or null when it is no E.164 number (https://www.itu.int/rec/T-REC-E.164).</summary>
    public static string? Normalize(string text)
    {
        var trimmed = text.Trim();
        var digits = new string([.. trimmed.Where(char.IsAsciiDigit)]);
        var onlyPunctuation = trimmed.TrimStart('+').All(character => char.IsAsciiDigit(character) || character is ' ' or '-' or '(' or ')' or '.' or '/');
        if (digits.StartsWith("00", StringComparison.Ordinal) && !trimmed.StartsWith('+'))
        {
            digits = digits[2..]; // how a plus is dialled
        }

        return onlyPunctuation && digits.Length is >= 7 and <= 15 && digits[0] != '0' ? digits : null;
    }
}
