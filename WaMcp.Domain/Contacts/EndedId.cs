using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Contacts;

/// <summary>The id of a contact or a conversation that was put together with another: it leads to that.</summary>
public sealed class EndedId : ITenantOwned
{
    /// <summary>The id that somebody may have been given.</summary>
    public Guid Id { get; init; }

    /// <inheritdoc/>
    public ClientId ClientId { get; init; }

    /// <summary>The one that is there; never an ended one itself.</summary>
    public Guid KeptId { get; init; }

    /// <summary>When they became one.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
