using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>A key as Postgres had it at one moment, with its client and the client's granted channels.</summary>
/// <param name="Context">What its bearer may do, if it is good.</param>
/// <param name="Hash">Recognises the token.</param>
/// <param name="PepperId">Under which pepper.</param>
/// <param name="PepperAcceptedUntil">When a retired pepper stops; null for one that is not retired.</param>
/// <param name="ClientDisabled">Whether the client is.</param>
/// <param name="IsRevoked">Whether the key is.</param>
/// <param name="ExpiresAt">When it stops: its own end, or the end of the grace after a rotation.</param>
/// <param name="LastUsedAt">When it was last noted as used.</param>
public sealed record StoredKey(
    ClientContext Context,
    byte[] Hash,
    string PepperId,
    DateTimeOffset? PepperAcceptedUntil,
    bool ClientDisabled,
    bool IsRevoked,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt)
{
    /// <summary>The key.</summary>
    public ApiKeyId Id => Context.ApiKeyId!.Value;

    /// <summary>Whose it is.</summary>
    public ClientId ClientId => Context.ClientId;

    /// <summary>Why its bearer is refused; null when he is not. For the audit row only.</summary>
    public string? Refusal(DateTimeOffset now) =>
        ClientDisabled ? "client_disabled"
        : IsRevoked ? "key_revoked"
        : ExpiresAt <= now ? "key_expired"
        : PepperAcceptedUntil <= now ? "pepper_retired"
        : null;
}
