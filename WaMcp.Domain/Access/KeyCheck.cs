using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>What checking a token found.</summary>
/// <param name="Context">The bearer's rights; null when refused.</param>
/// <param name="LastUsedAt">When the key was last noted as used.</param>
/// <param name="Reason">Why it was refused, for the audit row only.</param>
/// <param name="ClientId">Whose key it was, as far as that was found.</param>
/// <param name="ApiKeyId">Which key it was, as far as that was found.</param>
public sealed record KeyCheck(ClientContext? Context, DateTimeOffset LastUsedAt, string? Reason, ClientId? ClientId, ApiKeyId? ApiKeyId)
{
    /// <summary>The token is good.</summary>
    public static KeyCheck Passed(ClientContext context, DateTimeOffset lastUsedAt) =>
        new(context, lastUsedAt, null, context.ClientId, context.ApiKeyId);

    /// <summary>The token is not good.</summary>
    public static KeyCheck Refused(string reason, ClientId? clientId = null, ApiKeyId? apiKeyId = null) =>
        new(null, default, reason, clientId, apiKeyId);
}
