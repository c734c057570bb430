using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace WaMcp.Domain.Data;

/// <summary>
/// Seals provider credentials for the database: AES-256-GCM under <c>encryption_key</c> from the secret store. The sealed form is
/// one version byte, four bytes that name the key, a 12-byte nonce, the 16-byte tag and the ciphertext, so that the key can be rotated.
/// </summary>
public sealed class SecretBox
{
    /// <summary>The configuration key and secret file name; 32 random bytes in base64.</summary>
    public const string Setting = "encryption_key";

    private const byte Version = 1;
    private const int KeyIdLength = 4;
    private const int HeaderLength = 1 + KeyIdLength;

    private readonly byte[]? key;

    /// <summary>Reads the key; a program that never seals or opens runs without one.</summary>
    /// <exception cref="Fault">The key is set but is not 32 bytes of base64.</exception>
    public SecretBox(IConfiguration configuration)
    {
        if (configuration[Setting] is not { Length: > 0 } text)
        {
            return;
        }

        key = new byte[32];
        if (!Convert.TryFromBase64String(text.Trim(), key, out var written) || written != key.Length)
        {
            throw new Fault(FaultCode.Misconfigured, $"{Setting} must be 32 bytes in base64.", "Make one with `openssl rand -base64 32`.");
        }
    }

    /// <summary>Encrypts one credential. The purpose is authenticated: a sealed value cannot be moved to another place.</summary>
    public byte[] Seal(string secret, string purpose)
    {
        var plain = Encoding.UTF8.GetBytes(secret);
        var sealedValue = new byte[HeaderLength + AesGcm.NonceByteSizes.MaxSize + AesGcm.TagByteSizes.MaxSize + plain.Length];
        sealedValue[0] = Version;
        KeyId(RequireKey()).CopyTo(sealedValue, 1);
        var parts = Parts(sealedValue);
        RandomNumberGenerator.Fill(parts.Nonce);
        using var aes = new AesGcm(RequireKey(), parts.Tag.Length);
        aes.Encrypt(parts.Nonce, plain, parts.Cipher, parts.Tag, Encoding.UTF8.GetBytes(purpose));
        return sealedValue;
    }

    /// <summary>Decrypts one credential.</summary>
    /// <exception cref="Fault">It was sealed under another key, for another purpose, or was altered.</exception>
    public string Open(byte[] sealedValue, string purpose)
    {
        var known = sealedValue.Length >= HeaderLength + AesGcm.NonceByteSizes.MaxSize + AesGcm.TagByteSizes.MaxSize
            && sealedValue[0] == Version
            && sealedValue.AsSpan(1, KeyIdLength).SequenceEqual(KeyId(RequireKey()));
        if (!known)
        {
            throw Unreadable(null);
        }

        var parts = Parts(sealedValue);
        var plain = new byte[parts.Cipher.Length];
        try
        {
            using var aes = new AesGcm(RequireKey(), parts.Tag.Length);
            aes.Decrypt(parts.Nonce, parts.Cipher, parts.Tag, plain, Encoding.UTF8.GetBytes(purpose));
        }
        catch (CryptographicException exception)
        {
            throw Unreadable(exception);
        }

        return Encoding.UTF8.GetString(plain);
    }

    /// <summary>
    /// Tells whether two secrets are the same without telling either: the same for the same secret and purpose, and nothing that could be tried out
    /// without the key.
    /// </summary>
    public byte[] Digest(string secret, string purpose) =>
        HMACSHA256.HashData(RequireKey(), Encoding.UTF8.GetBytes($"wamcp digest of {purpose}\0{secret}"));

    private static Layout Parts(byte[] sealedValue)
    {
        var rest = sealedValue.AsSpan(HeaderLength);
        var nonce = AesGcm.NonceByteSizes.MaxSize;
        var tag = AesGcm.TagByteSizes.MaxSize;
        return new Layout(rest[..nonce], rest.Slice(nonce, tag), rest[(nonce + tag)..]);
    }

    private static byte[] KeyId(byte[] key) => HMACSHA256.HashData(key, "wamcp encryption key id"u8)[..KeyIdLength];

    private static Fault Unreadable(Exception? inner) => new(
        FaultCode.Misconfigured,
        "A stored credential cannot be read with the present encryption_key.",
        "Put the key back that sealed it, or enter the credential again.",
        inner: inner);

    private byte[] RequireKey() => key ?? throw new Fault(
        FaultCode.Misconfigured, $"{Setting} is not set.", "Put `openssl rand -base64 32` into /run/secrets/encryption_key (Secrets:Directory).");

    private readonly ref struct Layout(Span<byte> nonce, Span<byte> tag, Span<byte> cipher)
    {
        public Span<byte> Nonce { get; } = nonce;

        public Span<byte> Tag { get; } = tag;

        public Span<byte> Cipher { get; } = cipher;
    }
}
