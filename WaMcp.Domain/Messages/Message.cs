using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>One message, in either direction, as one client has it.</summary>
public sealed class Message : ITenantOwned
{
    /// <summary>The id, <c>msg_…</c>; what callers get, and what the provider echoes as <c>biz_opaque_callback_data</c>.</summary>
    public MessageId Id { get; init; }

    /// <inheritdoc/>
    public ClientId ClientId { get; init; }

    /// <summary>Over which channel.</summary>
    public ChannelId ChannelId { get; init; }

    /// <summary>In which conversation.</summary>
    public ConversationId ConversationId { get; init; }

    /// <summary>With whom.</summary>
    public ContactId ContactId { get; init; }

    /// <summary>Who wrote it.</summary>
    public MessageDirection Direction { get; init; }

    /// <summary>The provider's word for what it is: <c>text</c>, <c>image</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>What it says, as far as it is text; null once pruned.</summary>
    public string? Body { get; set; }

    /// <summary>What it is for; marketing is not sent to a contact who wants no more of it.</summary>
    public MessageCategory Category { get; init; }

    /// <summary>The provider's document of it (inbound: as received; outbound: as it is to be sent), JSON; null once pruned.</summary>
    public string? Raw { get; set; }

    /// <summary>What an inbound message holds besides its words (<see cref="InboundContent"/>), JSON; null when that is nothing, and once pruned.</summary>
    public string? Content { get; set; }

    /// <summary>Whether the contact wrote it to be read: it is unread until the client has read on from it.</summary>
    public bool Heard { get; init; }

    /// <summary>When the writer last changed it.</summary>
    public DateTimeOffset? EditedAt { get; set; }

    /// <summary>When the writer took it back; from then on it says nothing.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>When retention or erasure took out what it says; from then on nothing of it is written down any more.</summary>
    public DateTimeOffset? ContentRemovedAt { get; init; }

    /// <summary>The media objects that it needs (<see cref="Media.MediaObjectId"/>); none once pruned.</summary>
    public Guid[] MediaIds { get; init; } = [];

    /// <summary>Inbound: what became of the file that came with it; null when none did.</summary>
    public FileState? FileState { get; init; }

    /// <summary>Why the file is not here, or not yet: a word of <see cref="Media.FileTrouble"/>.</summary>
    public string? FileError { get; init; }

    /// <summary>Where it is on its way.</summary>
    public MessageState State { get; private set; }

    /// <summary>The provider's id of it (WhatsApp: wamid).</summary>
    public string? ProviderMessageId { get; set; }

    /// <summary>Why it failed: a reason word, with the provider's code when there is one.</summary>
    public string? ErrorCode { get; set; }

    /// <summary>Why it failed, for the client.</summary>
    public string? ErrorText { get; set; }

    /// <summary>The provider's pricing category of it, once it said so.</summary>
    public string? PricingCategory { get; set; }

    /// <summary>Whether the provider bills it, once it said so.</summary>
    public bool? Billable { get; set; }

    /// <summary>Which key sent it.</summary>
    public ApiKeyId? ApiKeyId { get; init; }

    /// <summary>Which request caused it; the audit rows of its sending carry the same.</summary>
    public string? RequestId { get; init; }

    /// <summary>W3C trace context of that request, so that one trace runs to the provider's status.</summary>
    public string? TraceParent { get; init; }

    /// <summary>When we accepted or received it.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// When the provider accepted it (outbound) or says it was written (inbound). Null for an inbound message of which only a change has come yet.
    /// </summary>
    public DateTimeOffset? SentAt { get; set; }

    /// <summary>When it reached the device.</summary>
    public DateTimeOffset? DeliveredAt { get; set; }

    /// <summary>When it was seen.</summary>
    public DateTimeOffset? ReadAt { get; set; }

    /// <summary>When it failed.</summary>
    public DateTimeOffset? FailedAt { get; set; }

    /// <summary>Since when nobody knows whether it was sent; null when that is known.</summary>
    public DateTimeOffset? UnknownAt { get; set; }

    /// <summary>Moves on, if that is legal; stamps the time of the state.</summary>
    /// <returns>Whether it moved.</returns>
    public bool MoveTo(MessageState next, DateTimeOffset at)
    {
        if (!next.CanFollow(State))
        {
            return false;
        }

        if (State == MessageState.Unknown)
        {
            (ErrorCode, ErrorText, UnknownAt) = (null, null, null); // the doubt is settled
        }

        State = next;
        Stamp(next, at);
        return true;
    }

    /// <summary>Keeps the first time at which a state was reached, also when it is told late and is no move any more.</summary>
    public void Stamp(MessageState next, DateTimeOffset at)
    {
        switch (next)
        {
            case MessageState.Sent:
                SentAt ??= at;
                break;
            case MessageState.Delivered:
                DeliveredAt ??= at;
                break;
            case MessageState.Read:
                ReadAt ??= at;
                break;
            case MessageState.Failed:
                FailedAt ??= at;
                break;
            case MessageState.Unknown:
                UnknownAt ??= at;
                break;
        }
    }
}
