using WaMcp.Domain.Channels;

namespace WaMcp.Domain.Jobs;

/// <summary>
/// How many of a claim's jobs may be one number's, to be sent or to be recorded: no number has more of a worker's places than it leaves free, so that
/// one whose provider does not answer, or whose deliveries take long, holds up nobody else, and several such ones leave something as well.
/// </summary>
/// <param name="free">Places that are free.</param>
/// <param name="held">What numbers have already.</param>
public sealed class JobShares(int free, IReadOnlyDictionary<ChannelId, int> held)
{
    /// <summary>Everything may be one number's.</summary>
    public static readonly JobShares Unlimited = new(int.MaxValue, new Dictionary<ChannelId, int>());

    /// <summary>Numbers that have places.</summary>
    public IEnumerable<ChannelId> Channels => held.Keys;

    /// <summary>What a number may take that has none.</summary>
    public int OfOthers => Math.Max(1, free / 2);

    /// <summary>What a number may take that has some.</summary>
    public int Of(ChannelId channel) => Math.Max(0, (free - held[channel]) / 2);
}
