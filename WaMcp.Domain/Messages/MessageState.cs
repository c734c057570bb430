namespace WaMcp.Domain.Messages;

/// <summary>Where a message is on its way; drawn in docs/architecture/message-lifecycle.md.</summary>
public enum MessageState
{
    /// <summary>Accepted and durable; the Worker has not taken it yet.</summary>
    Queued,

    /// <summary>The Worker has taken it; the request to the provider may be on its way.</summary>
    Sending,

    /// <summary>The request may have left and nobody knows what became of it. Never sent again by itself.</summary>
    Unknown,

    /// <summary>The provider accepted it.</summary>
    Sent,

    /// <summary>It reached the contact's device.</summary>
    Delivered,

    /// <summary>The contact has seen it.</summary>
    Read,

    /// <summary>It will not arrive; the error says why.</summary>
    Failed,

    /// <summary>Withdrawn before it was taken.</summary>
    Cancelled,

    /// <summary>Written by the contact.</summary>
    Received,
}
