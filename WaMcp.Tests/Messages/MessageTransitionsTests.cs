using WaMcp.Domain.Messages;

namespace WaMcp.Tests.Messages;

public sealed class MessageTransitionsTests
{
    [Theory]
    [InlineData(MessageState.Queued, MessageState.Sending, true)]
    [InlineData(MessageState.Sending, MessageState.Delivered, true)]
    [InlineData(MessageState.Sending, MessageState.Unknown, true)]
    [InlineData(MessageState.Unknown, MessageState.Delivered, true)]
    [InlineData(MessageState.Sent, MessageState.Read, true)]
    [InlineData(MessageState.Unknown, MessageState.Queued, false)]
    [InlineData(MessageState.Unknown, MessageState.Sending, false)]
    [InlineData(MessageState.Read, MessageState.Delivered, false)]
    [InlineData(MessageState.Delivered, MessageState.Sent, false)]
    [InlineData(MessageState.Failed, MessageState.Sent, false)]
    [InlineData(MessageState.Received, MessageState.Read, false)]
    public void TheTableSaysWhichMovesAreLegal(MessageState from, MessageState to, bool legal) => to.CanFollow(from).ShouldBe(legal);

    [Fact]
    public void NoStateFollowsItselfAndEveryStateHasARow()
    {
        foreach (var state in Enum.GetValues<MessageState>())
        {
            state.CanFollow(state).ShouldBeFalse();
        }
    }

    [Fact]
    public void NothingIsEverSentAgainOnceItMayHaveLeft()
    {
        // Only the answer "not taken" leads back to the queue, and only from sending.
        Enum.GetValues<MessageState>().Where(from => MessageState.Queued.CanFollow(from)).ShouldBe([MessageState.Sending]);
        Enum.GetValues<MessageState>().Where(from => MessageState.Sending.CanFollow(from)).ShouldBe([MessageState.Queued]);
    }
}
