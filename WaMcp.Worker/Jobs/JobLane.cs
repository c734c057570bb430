using WaMcp.Domain.Jobs;

namespace WaMcp.Worker.Jobs;

/// <summary>Kinds of jobs with places of their own, so that sends which wait for a provider never delay what came in.</summary>
/// <param name="Places">Jobs that are done at the same time.</param>
/// <param name="Kinds">Which.</param>
internal sealed record JobLane(int Places, params IReadOnlyList<JobKind> Kinds)
{
    /// <summary>The shortest time between a claim that found less than it could take and the next: a claim costs the same for one job as for twenty.</summary>
    public TimeSpan Breath { get; init; }

    /// <summary>The most jobs that an <see cref="IBatchHandler"/> is given at once; each counts as a place.</summary>
    public int Together { get; init; } = 1;

    /// <summary>Whether no number, and no client with its endpoints, may have more places than it leaves free.</summary>
    public bool Shares { get; init; }

    /// <summary>The most places of one endpoint.</summary>
    public int PlacesOfOneEndpoint { get; init; } = int.MaxValue;
}
