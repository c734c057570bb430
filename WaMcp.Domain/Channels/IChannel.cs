using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Channels;

/// <summary>One provider as the Worker drives it.</summary>
public interface IChannel
{
    /// <summary>Which kind of channel this sends through.</summary>
    ChannelKind Kind { get; }

    /// <summary>Hands one message to the provider. Never retries: the queue is the only retrier.</summary>
    /// <param name="channel">From where.</param>
    /// <param name="recipient">To whom.</param>
    /// <param name="content">What.</param>
    /// <param name="id">Our id, which the provider echoes in its statuses where it can.</param>
    /// <param name="cancellationToken">Stops waiting; the outcome is then unknown.</param>
    Task<SendOutcome> SendAsync(Channel channel, Recipient recipient, MessageContent content, MessageId id, CancellationToken cancellationToken);

    /// <summary>Understands a stored delivery, channel by channel. What cannot be understood is left out, never an error: the raw event stays.</summary>
    IReadOnlyList<ChannelUpdates> Understand(ReadOnlyMemory<byte> body);
}
