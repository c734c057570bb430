using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace WaMcp.Domain.Access;

/// <summary>
/// The text of an API key: <c>wamcp_&lt;env&gt;_&lt;prefix&gt;&lt;secret&gt;</c>, where env is <c>live</c> or <c>test</c>, the prefix is 12 and the
/// secret 28 characters of lower-case base32 (RFC 4648 alphabet, no padding). The prefix is public and found by lookup; the secret is
/// 140 random bits.
/// </summary>
/// <remarks>
/// Parsing fails closed: anything that is not exactly this shape is no token, the caller sees the same 401 as for an unknown key, and
/// the audit row <c>auth_failed</c> holds the reason but no part of the text. The invariant: a token is never logged, stored or shown
/// again after it was minted, so this type has no <c>ToString</c> that would print it.
/// </remarks>
public sealed partial class KeyToken
{
    /// <summary>Characters of the public prefix.</summary>
    public const int PrefixLength = 12;

    /// <summary>Characters of the secret: 28 x 5 bits = 140 bits.</summary>
    public const int SecretLength = 28;

    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const string Brand = "wamcp_";

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);

    private KeyToken(string environment, string prefix, string text)
    {
        Environment = environment;
        Prefix = prefix;
        Text = text;
    }

    /// <summary><c>live</c> or <c>test</c>.</summary>
    public string Environment { get; }

    /// <summary>The public part.</summary>
    public string Prefix { get; }

    /// <summary>The whole token: a secret.</summary>
    public string Text { get; }

    /// <summary>A new token from the operating system's random generator.</summary>
    public static KeyToken Generate(string environment)
    {
        var prefix = RandomNumberGenerator.GetString(Alphabet, PrefixLength);
        var secret = RandomNumberGenerator.GetString(Alphabet, SecretLength);
        return new KeyToken(environment, prefix, $"{Brand}{environment}_{prefix}{secret}");
    }

    /// <summary>Reads a token; false for anything that is not exactly one.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out KeyToken? token)
    {
        token = null;
        if (text is null || !text.StartsWith(Brand, StringComparison.Ordinal))
        {
            return false;
        }

        var separator = text.IndexOf('_', Brand.Length);
        if (separator < 0 || text.Length - separator - 1 != PrefixLength + SecretLength)
        {
            return false;
        }

        var environment = text[Brand.Length..separator];
        var body = text.AsSpan(separator + 1);
        if (!IsEnvironment(environment) || body.ContainsAnyExcept(Characters))
        {
            return false;
        }

        token = new KeyToken(environment, body[..PrefixLength].ToString(), text);
        return true;
    }

    /// <summary>Reads the <c>Authorization</c> header of a request: the Bearer scheme and a token, nothing else.</summary>
    public static bool TryParseBearer(string? header, [NotNullWhen(true)] out KeyToken? token)
    {
        const string scheme = "Bearer ";
        token = null;
        return header is not null
            && header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            && TryParse(header[scheme.Length..].Trim(' '), out token);
    }

    /// <summary>The text without what may be a token's secret: for what is shown or written down of somebody's input.</summary>
    public static string Masked(string text) => TokenLike().Replace(text, "${public}…");

    /// <summary>Whether keys can be minted for it.</summary>
    public static bool IsEnvironment(string text) => text is "live" or "test";

    // Whatever follows a prefix, however it was cut or mistyped.
    [GeneratedRegex("(?<public>wamcp_[a-z]+_[a-z2-7]{1,12})[a-z0-9]+", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex TokenLike();
}
