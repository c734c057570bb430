using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>What checking a token found.</summary>
/// <param name="Bearer">Its bearer; null when refused.</param>
/// <param name="Reason">Why it was refused, for the audit row only.</param>
/// <param name="ClientId">Whose key it was, as far as that was found.</param>
/// <param name="ApiKeyId">Which key it was, as far as that was found.</param>
public sealed record KeyCheck(Bearer? Bearer, string? Reason, ClientId? ClientId, ApiKeyId? ApiKeyId)
{
    /// <summary>The token is good.</summary>
    public static KeyCheck Passed(Bearer bearer) => new(bearer, null, bearer.Key.ClientId, bearer.Key.Id);

    /// <summary>The token is not good.</summary>
    public static KeyCheck Refused(string reason, StoredKey? key = null) => new(null, reason, key?.ClientId, key?.Id);
}
