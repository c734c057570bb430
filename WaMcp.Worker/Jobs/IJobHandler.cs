using WaMcp.Domain.Jobs;

namespace WaMcp.Worker.Jobs;

/// <summary>One background duty. Resolved in a scope of its own for each job, whose tenant is set if the job has a client.</summary>
internal interface IJobHandler
{
    JobKind Kind { get; }

    /// <summary>
    /// Does the work and completes, postpones or leaves the job. Whatever it throws puts the job off; a <see cref="LeaseLostException"/>
    /// means that somebody else has it.
    /// </summary>
    Task HandleAsync(Job job, CancellationToken cancellationToken);
}
