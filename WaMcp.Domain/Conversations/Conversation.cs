using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Conversations;

/// <summary>All messages between one client and one contact over one channel.</summary>
public sealed class Conversation : ITenantOwned
{
    /// <summary>The id, <c>cnv_…</c>.</summary>
    public ConversationId Id { get; init; }

    /// <inheritdoc/>
    public ClientId ClientId { get; init; }

    /// <summary>Over which channel.</summary>
    public ChannelId ChannelId { get; init; }

    /// <summary>With whom.</summary>
    public ContactId ContactId { get; init; }

    /// <summary>When the contact last wrote; the 24-hour service window counts from here.</summary>
    public DateTimeOffset? LastInboundAt { get; set; }

    /// <summary>When anybody last wrote.</summary>
    public DateTimeOffset LastMessageAt { get; set; }

    /// <summary>How many messages the contact wrote since the client last wrote or marked them as read; the database counts.</summary>
    public int Unread { get; private set; }

    /// <summary>When it began.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
