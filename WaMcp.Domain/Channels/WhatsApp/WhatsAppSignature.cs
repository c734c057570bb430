using System.Security.Cryptography;
using System.Text;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>
/// <c>X-Hub-Signature-256: sha256=&lt;hex&gt;</c>, HMAC-SHA256 of the raw bytes under the app secret
/// (https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads).
/// </summary>
/// <remarks>
/// Fails closed: no header, another scheme or a wrong length is simply not valid; the endpoint then answers 401, stores nothing and
/// writes <c>webhook_refused</c>. Comparison is constant-time, over the bytes as received and before anything parses them.
/// </remarks>
public static class WhatsAppSignature
{
    /// <summary>The header's name.</summary>
    public const string Header = "X-Hub-Signature-256";

    private const string Scheme = "sha256=";

    /// <summary>Whether it looks like a signature: what does not needs no look at the body.</summary>
    public static bool IsWellFormed(string? header) => TryRead(header, stackalloc byte[HMACSHA256.HashSizeInBytes]);

    /// <summary>Whether the app secret made the signature over exactly these bytes.</summary>
    public static bool IsValid(string? header, ReadOnlySpan<byte> body, string appSecret)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (!TryRead(header, given))
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(appSecret), body, expected);
        return CryptographicOperations.FixedTimeEquals(given, expected);
    }

    private static bool TryRead(string? header, Span<byte> signature) => header is not null
        && header.Length == Scheme.Length + (2 * HMACSHA256.HashSizeInBytes)
        && header.StartsWith(Scheme, StringComparison.Ordinal)
        && Convert.FromHexString(header.AsSpan(Scheme.Length), signature, out _, out _) == System.Buffers.OperationStatus.Done;
}
