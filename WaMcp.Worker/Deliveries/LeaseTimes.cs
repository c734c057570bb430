using Microsoft.Extensions.Options;
using WaMcp.Domain.Channels;
using WaMcp.Worker.Jobs;

namespace WaMcp.Worker.Deliveries;

/// <summary>
/// What a lease has to be enough for: the provider's answer, writing it down, and on either side of these what it may take until a message that
/// was claimed is taken and until one that was taken leaves.
/// </summary>
/// <param name="options">The lease.</param>
/// <param name="channels">The providers.</param>
internal sealed class LeaseTimes(IOptions<JobOptions> options, IEnumerable<IChannel> channels)
{
    /// <summary>A whole lease.</summary>
    public TimeSpan Lease => options.Value.Lease;

    /// <summary>How long a message that was taken may wait before it leaves. Later its lease might run out while it is on its way.</summary>
    public TimeSpan Slack => (Lease - channels.Max(channel => channel.SendTime) - DeliveryLoop.RecordTime) / 2;
}
