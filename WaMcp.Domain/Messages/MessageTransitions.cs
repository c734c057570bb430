namespace WaMcp.Domain.Messages;

/// <summary>
/// Which state may follow which. Provider statuses come in any order and twice, so a status that would go back is not an error: it
/// is simply not a move.
/// </summary>
public static class MessageTransitions
{
    private static readonly Dictionary<MessageState, MessageState[]> Next = new()
    {
        [MessageState.Queued] = [MessageState.Sending, MessageState.Failed, MessageState.Cancelled],
        // A provider's status can overtake the answer to the request that caused it.
        [MessageState.Sending] =
            [MessageState.Queued, MessageState.Unknown, MessageState.Sent, MessageState.Delivered, MessageState.Read, MessageState.Failed],
        [MessageState.Unknown] = [MessageState.Sent, MessageState.Delivered, MessageState.Read, MessageState.Failed],
        [MessageState.Sent] = [MessageState.Delivered, MessageState.Read, MessageState.Failed],
        [MessageState.Delivered] = [MessageState.Read],
        [MessageState.Read] = [],
        [MessageState.Failed] = [],
        [MessageState.Cancelled] = [],
        [MessageState.Received] = [],
    };

    /// <summary>Whether the move is legal.</summary>
    public static bool CanFollow(this MessageState next, MessageState current) => Array.IndexOf(Next[current], next) >= 0;
}
