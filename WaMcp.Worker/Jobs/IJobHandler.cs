using WaMcp.Domain.Jobs;

namespace WaMcp.Worker.Jobs;

/// <summary>One background duty. Resolved in a scope of its own for each call, whose tenant is set if the job has a client.</summary>
internal interface IJobHandler
{
    JobKind Kind { get; }

    /// <summary>
    /// Does the work and completes, postpones or leaves the job. Whatever it throws puts the job off; a <see cref="LeaseLostException"/>
    /// means that somebody else has it.
    /// </summary>
    Task HandleAsync(Job job, CancellationToken cancellationToken);
}

/// <summary>A duty that costs hardly more for several jobs of one client and one channel than for one.</summary>
internal interface IBatchHandler : IJobHandler
{
    /// <summary>Does the work of the first jobs, one or more, in one transaction. Whatever it throws has each of them tried by itself.</summary>
    /// <param name="jobs">Of one client and one channel.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <returns>How many; the others are left to another call.</returns>
    Task<int> HandleAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken);
}
