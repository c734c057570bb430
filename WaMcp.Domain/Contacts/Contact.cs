using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Contacts;

/// <summary>
/// A person as one client knows them on one channel. WhatsApp names people by a business-scoped user id (BSUID) and tells the phone
/// number only sometimes, so both are optional and at least one is there,
/// until the person is erased.
/// </summary>
public sealed class Contact : ITenantOwned
{
    /// <summary>The id, <c>con_…</c>.</summary>
    public ContactId Id { get; init; }

    /// <inheritdoc/>
    public ClientId ClientId { get; init; }

    /// <summary>Where the person was met.</summary>
    public ChannelId ChannelId { get; init; }

    /// <summary>The provider's id for the person: for WhatsApp the BSUID.</summary>
    public string? ProviderUserId { get; set; }

    /// <summary>Digits of the E.164 number, without the plus.</summary>
    public string? Phone { get; set; }

    /// <summary>The name that the person gave to the provider: third-party text.</summary>
    public string? Name { get; set; }

    /// <summary>The name under which the person can be found at the provider, if they have one: third-party text.</summary>
    public string? Username { get; set; }

    /// <summary>When the provider told that the person wants no more marketing.</summary>
    public DateTimeOffset? MarketingStoppedAt { get; set; }

    /// <summary>How fresh <see cref="MarketingStoppedAt"/> is, set or not.</summary>
    public DateTimeOffset? MarketingToldAt { get; set; }

    /// <summary>How fresh the names are.</summary>
    public DateTimeOffset? ToldAt { get; set; }

    /// <summary>When the provider told that the person got the present <see cref="ProviderUserId"/> instead of another.</summary>
    public DateTimeOffset? UserToldAt { get; set; }

    /// <summary>How fresh <see cref="Phone"/> is.</summary>
    public DateTimeOffset? PhoneToldAt { get; set; }

    /// <summary>When everything that tells who it is was taken out (<see cref="EraseContact"/>); null otherwise.</summary>
    public DateTimeOffset? ErasedAt { get; private set; }

    /// <summary>When we first met.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Takes out everything that tells who it is. The database refuses to let anything of it come back.</summary>
    public void Erase(DateTimeOffset at)
    {
        (ProviderUserId, Phone, Name, Username) = (null, null, null, null);
        ErasedAt ??= at;
    }
}
