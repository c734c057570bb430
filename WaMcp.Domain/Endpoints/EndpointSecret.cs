using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WaMcp.Domain.Endpoints;

/// <summary>A secret that signs webhooks, and its text form <c>whsec_…</c> (https://www.standardwebhooks.com, symmetric signatures).</summary>
/// <param name="text">The text form.</param>
public sealed class EndpointSecret(string text)
{
    private const string Prefix = "whsec_";
    private const int Bytes = 32; // the standard allows 24 to 64

    private readonly byte[] key = Convert.FromBase64String(text[Prefix.Length..]);

    /// <summary>The text form; shown once, when it is made.</summary>
    public string Text => text;

    /// <summary>A new random one.</summary>
    public static EndpointSecret Make() => new(Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(Bytes)));

    /// <summary>One signature of an attempt, as it stands in <c>webhook-signature</c>.</summary>
    /// <param name="id">The <c>webhook-id</c>.</param>
    /// <param name="attemptedAt">The <c>webhook-timestamp</c>.</param>
    /// <param name="body">The bytes that are sent.</param>
    public string Sign(string id, DateTimeOffset attemptedAt, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{attemptedAt.ToUnixTimeSeconds()}.")));
        hmac.AppendData(body);
        return $"v1,{Convert.ToBase64String(hmac.GetHashAndReset())}";
    }
}
