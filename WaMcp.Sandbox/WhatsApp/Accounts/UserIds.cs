using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace WaMcp.Sandbox.WhatsApp.Accounts;

/// <summary>Business-scoped user ids: country, dot, up to 128 letters and digits; "ENT" in between for enrolled businesses.</summary>
internal static partial class UserIds
{
    private static readonly (string Prefix, string Country)[] Countries =
    [
        ("1", "US"), ("27", "ZA"), ("31", "NL"), ("33", "FR"), ("34", "ES"), ("39", "IT"), ("41", "CH"), ("43", "AT"), ("44", "GB"),
        ("49", "DE"), ("52", "MX"), ("54", "AR"), ("55", "BR"), ("57", "CO"), ("62", "ID"), ("65", "SG"), ("81", "JP"), ("91", "IN"),
        ("234", "NG"), ("254", "KE"), ("971", "AE"),
    ];

    public static bool IsWellFormed(string text) => Shape().IsMatch(text);

    /// <summary>The same number always gets the same id, so a forgotten customer comes back as the same person.</summary>
    public static string For(string waId)
    {
        var number = BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes(waId))) >> 1;
        var country = Countries.FirstOrDefault(entry => waId.StartsWith(entry.Prefix, StringComparison.Ordinal)).Country ?? "XX";
        return $"{country}.{number:D19}";
    }

    [GeneratedRegex(@"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$")]
    private static partial Regex Shape();
}
