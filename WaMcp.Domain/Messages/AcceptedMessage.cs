using WaMcp.Domain.Conversations;

namespace WaMcp.Domain.Messages;

/// <summary>A message that is durable.</summary>
/// <param name="Message">It.</param>
/// <param name="Window">Whether free-form messages reach the contact.</param>
/// <param name="Repeated">Whether the same order was accepted before, and this is its message.</param>
public sealed record AcceptedMessage(Message Message, ServiceWindow Window, bool Repeated);
