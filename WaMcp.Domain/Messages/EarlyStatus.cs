using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>A status that came before its message's provider id was written down; kept for <see cref="EarlyStatuses.KeptFor"/>.</summary>
public sealed class EarlyStatus : ITenantOwned
{
    /// <summary>The row's id.</summary>
    public Guid Id { get; init; }

    /// <inheritdoc/>
    public ClientId ClientId { get; init; }

    /// <summary>Over which channel the message went.</summary>
    public ChannelId ChannelId { get; init; }

    /// <summary>The provider's id of the message.</summary>
    public required string ProviderMessageId { get; init; }

    /// <summary>The state that it tells; one row for each.</summary>
    public MessageState State { get; init; }

    /// <summary>The <see cref="StatusUpdate"/> as JSON, without the person.</summary>
    public required string Document { get; init; }

    /// <summary>When it came.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
