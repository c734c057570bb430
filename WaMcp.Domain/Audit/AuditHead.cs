using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace WaMcp.Domain.Audit;

/// <summary>
/// A seal of the audit chain by its number and hash. Kept anywhere outside of the database, it proves later that nothing up to that seal
/// was cut off or written anew.
/// </summary>
/// <param name="Number">Which seal.</param>
/// <param name="Hash">Its hash, hex.</param>
public sealed record AuditHead(long Number, string Hash)
{
    /// <summary>Reads <c>number:hash</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AuditHead? head)
    {
        head = text.Split(':') is [var number, { Length: 64 } hash] && hash.All(char.IsAsciiHexDigit)
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed)
            ? new(parsed, hash.ToLowerInvariant())
            : null;
        return head is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}:{Hash}");
}
