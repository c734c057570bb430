using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace WaMcp.Domain.Access;

/// <summary>The server-side secret under which API keys are hashed, and the one before it.</summary>
/// <remarks>
/// Fails closed: without a readable pepper no program that checks keys starts, and a hash made with any other pepper never matches.
/// Comparison is constant-time over equal-length digests. The invariant: a database alone does not let anybody recognise or guess a
/// token.
/// </remarks>
public sealed class Pepper
{
    /// <summary>The configuration key and secret file name; 32 random bytes in base64.</summary>
    public const string Setting = "api_key_pepper";

    private readonly byte[] current;
    private readonly byte[]? previous;

    private Pepper(byte[] current, byte[]? previous)
    {
        this.current = current;
        this.previous = previous;
        CurrentId = IdOf(current);
        PreviousId = previous is null ? null : IdOf(previous);
    }

    /// <summary>Names the current pepper without telling it.</summary>
    public string CurrentId { get; }

    /// <summary>Names the previous pepper, when one is still accepted.</summary>
    public string? PreviousId { get; }

    /// <summary>Reads <c>api_key_pepper</c> and, if present, <c>api_key_pepper.previous</c>.</summary>
    /// <exception cref="Fault">It is missing or is not 32 bytes of base64.</exception>
    public static Pepper Read(IConfiguration configuration) =>
        new(
            Decode(Setting, configuration[Setting]) ?? throw Misconfigured($"{Setting} is not set."),
            Decode($"{Setting}.previous", configuration[$"{Setting}.previous"]));

    /// <summary>The hash to store for a new token.</summary>
    public byte[] Hash(KeyToken token) => Hash(current, token);

    /// <summary>Whether the token is the one the stored hash was made from.</summary>
    public bool Verify(KeyToken token, ReadOnlySpan<byte> hash, string pepperId)
    {
        var pepper = pepperId == CurrentId ? current : pepperId == PreviousId ? previous : null;
        return pepper is not null && CryptographicOperations.FixedTimeEquals(Hash(pepper, token), hash);
    }

    private static byte[] Hash(byte[] pepper, KeyToken token) => HMACSHA256.HashData(pepper, Encoding.ASCII.GetBytes(token.Text));

    // Not a prefix of the pepper, and not a plain digest of it either: the id is written beside every key.
    private static string IdOf(byte[] pepper) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(pepper, "wamcp pepper id"u8).AsSpan(0, 4));

    private static byte[]? Decode(string setting, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        var bytes = new byte[32];
        return Convert.TryFromBase64String(text.Trim(), bytes, out var written) && written == 32
            ? bytes
            : throw Misconfigured($"{setting} must be 32 bytes in base64.");
    }

    private static Fault Misconfigured(string problem) =>
        new(FaultCode.Misconfigured, problem, "Put `openssl rand -base64 32` into /run/secrets/api_key_pepper (Secrets:Directory).");
}
