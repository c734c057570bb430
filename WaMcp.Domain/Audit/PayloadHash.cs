using System.Security.Cryptography;
using System.Text.Json;

namespace WaMcp.Domain.Audit;

/// <summary>What an audit row keeps of an input: enough to prove which one it was, nothing to read.</summary>
public static class PayloadHash
{
    /// <summary>SHA-256 over the RFC 8785 form, in hex; null when the input has no canonical form.</summary>
    public static string? Of(JsonElement input)
    {
        try
        {
            return Convert.ToHexStringLower(SHA256.HashData(CanonicalJson.Of(input)));
        }
        catch (Fault)
        {
            return null; // such input is refused elsewhere; the row of the refusal must still be written
        }
    }
}
