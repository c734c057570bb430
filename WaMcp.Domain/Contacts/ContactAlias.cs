using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Contacts;

/// <summary>What a contact was called before: late deliveries still say it.</summary>
public sealed class ContactAlias : ITenantOwned
{
    /// <summary>The row's id.</summary>
    public Guid Id { get; init; }

    /// <inheritdoc/>
    public ClientId ClientId { get; init; }

    /// <summary>On which channel.</summary>
    public ChannelId ChannelId { get; init; }

    /// <summary>What the value is.</summary>
    public AliasKind Kind { get; init; }

    /// <summary>The provider's id, or the digits of the number.</summary>
    public required string Value { get; init; }

    /// <summary>Who.</summary>
    public ContactId ContactId { get; init; }

    /// <summary>Until when it was theirs. A number may be somebody else's since; the provider's ids are given only once.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>When it was noted.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>A new one.</summary>
    internal static ContactAlias Of(Contact contact, AliasKind kind, string value, DateTimeOffset until, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        ClientId = contact.ClientId,
        ChannelId = contact.ChannelId,
        Kind = kind,
        Value = value,
        ContactId = contact.Id,
        Until = until,
        CreatedAt = now,
    };
}
