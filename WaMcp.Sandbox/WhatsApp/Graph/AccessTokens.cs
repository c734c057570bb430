using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace WaMcp.Sandbox.WhatsApp.Graph;

/// <summary>The tokens that open the Graph API: wa_access_token and those a test adds. Kept as hashes, compared in constant time.</summary>
internal sealed class AccessTokens
{
    private static readonly TimeSpan CodeLifetime = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, (string Token, DateTimeOffset Until)> codes = new(StringComparer.Ordinal);
    private readonly WhatsAppSecrets secrets;
    private readonly TimeProvider clock;
    private ImmutableArray<AccessToken> tokens = [];

    public AccessTokens(WhatsAppSecrets secrets, TimeProvider clock)
    {
        this.secrets = secrets;
        this.clock = clock;
        Reset();
    }

    /// <summary>The token of the request: from the header, or from the access_token parameter that Graph takes as well.</summary>
    /// <exception cref="GraphFault">104 without a token, 190 with one that does not open, 100 without the proof that is asked for.</exception>
    public AccessToken Check(HttpRequest request, string proofSecret = "")
    {
        var presented = Presented(request);
        if (presented is null)
        {
            throw GraphFault.Platform(104, GraphErrors.Of(104).Title);
        }

        var known = Find(presented) ?? throw GraphFault.BadToken("Invalid OAuth access token - Cannot parse access token");
        if (known.Revoked)
        {
            throw GraphFault.BadToken("Error validating access token: The session has been invalidated", 460);
        }

        if (!known.IsValid(clock.GetUtcNow()))
        {
            throw GraphFault.BadToken("Error validating access token: Session has expired", 463);
        }

        return proofSecret.Length == 0 || IsProof(request.Query["appsecret_proof"], presented, proofSecret) ? known : throw GraphFault.BadProof();
    }

    /// <summary>Looks at every known token, so that the time taken tells nothing about any of them.</summary>
    public AccessToken? Find(string presented)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(presented), hash);
        AccessToken? match = null;
        foreach (var token in tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(token.Hash, hash))
            {
                match = token;
            }
        }

        return match;
    }

    /// <summary>Adds a token, or replaces what is known about it.</summary>
    public void Put(string token, AccessToken about)
    {
        var entry = about with { Hash = SHA256.HashData(Encoding.UTF8.GetBytes(token)), IssuedAt = clock.GetUtcNow() };
        lock (gate)
        {
            tokens = [.. tokens.Where(known => !known.Hash.AsSpan().SequenceEqual(entry.Hash)), entry];
        }
    }

    /// <summary>An authorization code for a token, as a sign-up page gets it: good for 30 seconds, once.</summary>
    public string NewCode(string token)
    {
        var code = "AQ" + Convert.ToHexString(RandomNumberGenerator.GetBytes(24));
        codes[code] = (token, clock.GetUtcNow() + CodeLifetime);
        return code;
    }

    public string? Redeem(string code) =>
        codes.TryRemove(code, out var issued) && issued.Until > clock.GetUtcNow() ? issued.Token : null;

    public static string NewToken() => "EAA" + Convert.ToHexString(RandomNumberGenerator.GetBytes(32));

    public void Reset()
    {
        lock (gate)
        {
            tokens = [];
        }

        codes.Clear();
        if (secrets.AccessToken is { } token)
        {
            Put(token, new AccessToken([]));
        }
    }

    private static bool IsProof(string? given, string token, string secret) => given is not null && CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(token)))));

    private static string? Presented(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.Length > 0)
        {
            return AuthenticationHeaderValue.TryParse(header, out var parsed)
                && string.Equals(parsed.Scheme, "Bearer", StringComparison.OrdinalIgnoreCase)
                && !string.IsNullOrEmpty(parsed.Parameter)
                ? parsed.Parameter
                : null;
        }

        return request.Query.TryGetValue("access_token", out var fromQuery) && fromQuery.Count > 0 ? fromQuery[0] : null;
    }
}
