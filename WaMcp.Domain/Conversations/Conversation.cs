using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Messages;
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

    /// <summary>The newest message that the contact wrote to be read; before the first, the conversation's own id.</summary>
    public MessageId LastInboundId { get; private set; }

    /// <summary>Up to which message the client was given what the contact wrote.</summary>
    public MessageId ShownUntil { get; private set; }

    /// <summary>Up to which message the client marked it as read, or answered after it was given it. What came later is unread.</summary>
    public MessageId ReadUntil { get; private set; }

    /// <summary>Whether anything is unread; the database says so.</summary>
    public bool HasUnread { get; private set; }

    /// <summary>When it began.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
