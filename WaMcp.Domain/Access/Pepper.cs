using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace WaMcp.Domain.Access;

/// <summary>The server-side secret under which API keys are hashed, the one before it, and the one to come.</summary>
/// <remarks>
/// Fails closed: without a readable pepper no program that checks keys starts, and a hash made with any other pepper never matches.
/// Comparison is constant-time over equal-length digests. The invariant: a database alone does not let anybody recognise or guess a
/// token. When a pepper that is no longer current stops being accepted, the database says (<see cref="StoredKey.PepperAcceptedUntil"/>).
/// </remarks>
public sealed class Pepper
{
    /// <summary>The configuration key and secret file name; 32 random bytes in base64.</summary>
    public const string Setting = "api_key_pepper";

    /// <summary>The one that was current before the last rotation.</summary>
    public const string PreviousSetting = $"{Setting}.previous";

    /// <summary>One that every server should know before the first of them uses it.</summary>
    public const string NextSetting = $"{Setting}.next";

    private static readonly TimeSpan ReloadInterval = TimeSpan.FromMilliseconds(20);

    private readonly IConfiguration configuration;
    private readonly Lock reloading = new();
    private volatile Known known;
    private long? reloadedAt;

    private Pepper(IConfiguration configuration)
    {
        this.configuration = configuration;
        known = Known.Read(configuration);
    }

    /// <summary>Names the current pepper without telling it.</summary>
    public string CurrentId => known.CurrentId;

    /// <summary>Names the one before, when it is still there.</summary>
    public string? PreviousId => known.PreviousId;

    /// <summary>Names the one to come, when it is there.</summary>
    public string? NextId => known.NextId;

    /// <summary>Reads <c>api_key_pepper</c> and, if present, <c>api_key_pepper.previous</c> and <c>api_key_pepper.next</c>.</summary>
    /// <exception cref="Fault">It is missing or is not 32 bytes of base64.</exception>
    public static Pepper Read(IConfiguration configuration) => new(configuration);

    /// <summary>Names a pepper without telling it.</summary>
    /// <remarks>Not a part of the pepper, and not a plain digest of it either: the id is written beside every key.</remarks>
    public static string IdOf(byte[] pepper) => Convert.ToHexStringLower(HMACSHA256.HashData(pepper, "wamcp pepper id"u8).AsSpan(0, 4));

    /// <summary>The bytes of a pepper as a secret file holds them; null when the file is not there.</summary>
    /// <exception cref="Fault">It is not 32 bytes of base64.</exception>
    public static byte[]? Decode(string setting, string? text)
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

    /// <summary>The hash to store for a token, and under which pepper it was made.</summary>
    public (byte[] Hash, string PepperId) Hash(KeyToken token)
    {
        var now = known;
        return (Hash(now.Peppers[now.CurrentId], token), now.CurrentId);
    }

    /// <summary>Whether a pepper of that name is there.</summary>
    public bool Knows(string pepperId) => known.Peppers.ContainsKey(pepperId);

    /// <summary>Whether the token is the one the stored hash was made from.</summary>
    public bool Verify(KeyToken token, ReadOnlySpan<byte> hash, string pepperId)
    {
        if (!Knows(pepperId))
        {
            Reload(); // rotated since this process read it
        }

        return known.Peppers.TryGetValue(pepperId, out var pepper) && CryptographicOperations.FixedTimeEquals(Hash(pepper, token), hash);
    }

    /// <summary>Reads the secret files again, at most fifty times a second; when they cannot be read, what is known stays.</summary>
    public void Reload()
    {
        // Whoever comes while another reads waits for what that finds, rather than refuse a good key.
        lock (reloading)
        {
            if (reloadedAt is { } last && Environment.TickCount64 - last < ReloadInterval.TotalMilliseconds)
            {
                return;
            }

            reloadedAt = Environment.TickCount64;
            try
            {
                (configuration as IConfigurationRoot)?.Reload();
                known = Known.Read(configuration);
            }
            catch (Exception exception) when (exception is Fault or IOException or UnauthorizedAccessException)
            {
                // Somebody is just changing them.
            }
        }
    }

    private static byte[] Hash(byte[] pepper, KeyToken token) => HMACSHA256.HashData(pepper, Encoding.ASCII.GetBytes(token.Text));

    private static Fault Misconfigured(string problem) =>
        new(FaultCode.Misconfigured, problem, "Put `openssl rand -base64 32` into /run/secrets/api_key_pepper (Secrets:Directory).");

    private sealed record Known(string CurrentId, string? PreviousId, string? NextId, FrozenDictionary<string, byte[]> Peppers)
    {
        public static Known Read(IConfiguration configuration)
        {
            var current = Decode(Setting, configuration[Setting]) ?? throw Misconfigured($"{Setting} is not set.");
            var previous = Decode(PreviousSetting, configuration[PreviousSetting]);
            var next = Decode(NextSetting, configuration[NextSetting]);
            var all = new[] { current, previous, next }.OfType<byte[]>().DistinctBy(IdOf);
            return new(IdOf(current), Name(previous), Name(next), all.ToFrozenDictionary(IdOf, StringComparer.Ordinal));

            static string? Name(byte[]? pepper) => pepper is null ? null : IdOf(pepper);
        }
    }
}
