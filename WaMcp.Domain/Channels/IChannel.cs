using System.Text.Json.Nodes;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Templates;

namespace WaMcp.Domain.Channels;

/// <summary>One provider as the programs drive it.</summary>
public interface IChannel
{
    /// <summary>Which kind of channel this sends through.</summary>
    ChannelKind Kind { get; }

    /// <summary>Hands one message to the provider. Never retries: the queue is the only retrier.</summary>
    /// <param name="channel">From where.</param>
    /// <param name="recipient">To whom.</param>
    /// <param name="content">What.</param>
    /// <param name="id">Our id, which the provider echoes in its statuses where it can.</param>
    /// <param name="media">The provider's ids of the <see cref="MessageContent.Media"/> in it.</param>
    /// <param name="cancellationToken">Stops waiting; the outcome is then unknown.</param>
    Task<SendOutcome> SendAsync(
        Channel channel,
        Recipient recipient,
        MessageContent content,
        MessageId id,
        IReadOnlyDictionary<MediaObjectId, string> media,
        CancellationToken cancellationToken);

    /// <summary>Hands a file to the provider, so that messages can name it. To be repeated at will.</summary>
    /// <param name="channel">For which channel; no other can use it.</param>
    /// <param name="file">What it is.</param>
    /// <param name="content">Its content.</param>
    /// <param name="cancellationToken">Stops.</param>
    Task<UploadOutcome> UploadAsync(Channel channel, MediaObject file, Stream content, CancellationToken cancellationToken);

    /// <summary>Fetches a file that a contact sent, with the channel's credential, down to the disk. To be repeated at will.</summary>
    /// <param name="channel">Over which channel it came.</param>
    /// <param name="wanted">Which, and what is expected of it.</param>
    /// <param name="cancellationToken">Stops, and leaves nothing behind.</param>
    /// <exception cref="Fault"><c>misconfigured</c>; <c>unavailable</c>: the disk does not take it.</exception>
    Task<DownloadOutcome> DownloadAsync(Channel channel, WantedFile wanted, CancellationToken cancellationToken);

    /// <summary>How long one download may take.</summary>
    TimeSpan DownloadTime { get; }

    /// <summary>How long handing one message over may take.</summary>
    TimeSpan SendTime { get; }

    /// <summary>How long one upload may take.</summary>
    TimeSpan UploadTime { get; }

    /// <summary>How long the provider keeps what was uploaded.</summary>
    TimeSpan KeepsUploads { get; }

    /// <summary>What <see cref="SendAsync"/> would hand over, as the provider would read it.</summary>
    JsonObject Describe(Recipient recipient, MessageContent content, MessageId id, IReadOnlyDictionary<MediaObjectId, string> media);

    /// <summary>Tells the provider that a message, and all before it, was read. Not queued: what is late here is worth nothing.</summary>
    /// <param name="channel">Which channel got the message.</param>
    /// <param name="providerMessageId">The provider's id of it.</param>
    /// <param name="typing">Whether an answer is being written.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="Fault"><c>provider_refused</c>, <c>unavailable</c>, <c>misconfigured</c>.</exception>
    Task MarkReadAsync(Channel channel, string providerMessageId, bool typing, CancellationToken cancellationToken);

    /// <summary>All templates of the channel's account.</summary>
    /// <exception cref="Fault"><c>provider_refused</c>, <c>unavailable</c>, <c>misconfigured</c>.</exception>
    Task<IReadOnlyList<MessageTemplate>> TemplatesAsync(Channel channel, CancellationToken cancellationToken);

    /// <summary>Whether a stored delivery that this secret signed may speak for the channel.</summary>
    /// <param name="channel">One that the delivery names.</param>
    /// <param name="signer">Digest of the secret; null for the platform's.</param>
    bool SpeaksFor(Channel channel, byte[]? signer);

    /// <summary>Understands a stored delivery. What cannot be understood is left out and counted, never an error: the raw event stays.</summary>
    Understanding Understand(ReadOnlyMemory<byte> body);
}
