namespace WaMcp.Domain.Jobs;

/// <summary>
/// How many of a claim's jobs may be one number's (to be sent or to be recorded) or, of those that tell endpoints, one client's: nobody has more of a
/// worker's places than they leave free, so that one whose provider or receiver does not answer, or whose deliveries take long, holds up nobody else,
/// and several such ones leave something as well.
/// </summary>
/// <param name="free">Places that are free.</param>
/// <param name="held">What numbers, clients and endpoints have already, by their ids.</param>
public sealed class JobShares(int free, IReadOnlyDictionary<Guid, int> held)
{
    /// <summary>Everything may be one's.</summary>
    public static readonly JobShares Unlimited = new(int.MaxValue, new Dictionary<Guid, int>());

    /// <summary>The most places of one endpoint; its receiver is somebody's web server.</summary>
    public int OfOneEndpoint { get; init; } = int.MaxValue;

    /// <summary>Which of those are endpoints: what they may have does not depend on what is free.</summary>
    public IReadOnlySet<Guid> Endpoints { get; init; } = new HashSet<Guid>();

    /// <summary>Whoever has places.</summary>
    public IEnumerable<Guid> Holders => held.Keys;

    /// <summary>What a number or a client may take that has none.</summary>
    public int OfOthers => Math.Max(1, free / 2);

    /// <summary>What one may take that has some.</summary>
    public int Of(Guid holder) => Math.Max(0, Endpoints.Contains(holder) ? OfOneEndpoint - held[holder] : (free - held[holder]) / 2);
}
