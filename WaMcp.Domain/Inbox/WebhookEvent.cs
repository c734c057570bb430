using WaMcp.Domain.Channels;

namespace WaMcp.Domain.Inbox;

/// <summary>One delivery of a provider, as it came: stored before it is answered, understood afterwards.</summary>
public sealed class WebhookEvent
{
    /// <summary>The id, <c>evt_…</c>.</summary>
    public WebhookEventId Id { get; init; }

    /// <summary>Which provider.</summary>
    public ChannelKind Provider { get; init; }

    /// <summary>The raw bytes that were signed.</summary>
    public required byte[] Body { get; init; }

    /// <summary>The request it came in; audit rows of its processing carry the same.</summary>
    public required string RequestId { get; init; }

    /// <summary>
    /// Keyed digest of the BYOA app secret that made the signature; null when it was the platform's. A delivery speaks for the channels that have
    /// this secret, or had it, and for no others: whoever holds one app's secret must not write into another's.
    /// </summary>
    public byte[]? Signer { get; init; }

    /// <summary>When it was accepted.</summary>
    public DateTimeOffset ReceivedAt { get; init; }

    /// <summary>When it had been handed to every client it concerns.</summary>
    public DateTimeOffset? FannedOutAt { get; set; }

    /// <summary>What became of it, several words of <see cref="DeliveryOutcome"/> at once; none until it was taken apart.</summary>
    public string[] Outcomes { get; set; } = [];

    /// <summary>How many of each, JSON.</summary>
    public string Counts { get; set; } = "{}";

    /// <summary>The channels of ours that it speaks of (<see cref="ChannelId"/>).</summary>
    public Guid[] ChannelIds { get; set; } = [];
}
