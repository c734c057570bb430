using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>What looking for the owner found.</summary>
/// <param name="Context">The owner's rights; null when refused.</param>
/// <param name="Reason">Why it was refused.</param>
/// <param name="ClientId">The owner, as far as there is one.</param>
public sealed record OwnerCheck(ClientContext? Context, string? Reason, ClientId? ClientId)
{
    /// <summary>No client is the owner.</summary>
    public const string NoOwner = "no_owner";

    /// <summary>The owner is disabled.</summary>
    public const string Disabled = "client_disabled";

    /// <summary>The owner may go on.</summary>
    public static OwnerCheck Passed(ClientContext context) => new(context, null, context.ClientId);

    /// <summary>Nobody may go on.</summary>
    public static OwnerCheck Refused(string reason, ClientId? clientId = null) => new(null, reason, clientId);
}
