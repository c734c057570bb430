using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>What is stored of an API key: never the token, only what recognises it.</summary>
public sealed class ApiKey
{
    /// <summary>The id, <c>key_…</c>.</summary>
    public ApiKeyId Id { get; init; }

    /// <summary>Whose key it is.</summary>
    public ClientId ClientId { get; init; }

    /// <summary><c>live</c> or <c>test</c>, as its token says.</summary>
    public required string Environment { get; init; }

    /// <summary>What the operator called it.</summary>
    public required string Label { get; init; }

    /// <summary>The public 12 characters of the token; unique, the only thing a lookup uses.</summary>
    public required string Prefix { get; init; }

    /// <summary>HMAC-SHA256 of the whole token under the pepper <see cref="PepperId"/> names.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>Which pepper made <see cref="Hash"/>.</summary>
    public required string PepperId { get; init; }

    /// <summary>Scopes in canonical text, channel ids rather than names.</summary>
    public required string[] Scopes { get; init; }

    /// <summary>Tool calls a minute.</summary>
    public int RpmLimit { get; init; }

    /// <summary>Messages in 24 hours; null for no cap of the key's own.</summary>
    public int? DailyMessageLimit { get; init; }

    /// <summary>When the key stops, by itself or because the grace after its rotation is over; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>When it was revoked.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>The key that a rotation put in its place.</summary>
    public ApiKeyId? ReplacedBy { get; set; }

    /// <summary>
    /// Whether it ended because a rotation gave it no grace. That is no revocation: what was accepted with it before is still sent.
    /// </summary>
    public bool EndedByRotation => ReplacedBy is not null && RevokedAt is not null && RevokedAt == ExpiresAt;

    /// <summary>When it was minted.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The last minute in which it was used.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }
}
