using WaMcp.Domain.Jobs;

namespace WaMcp.Worker.Deliveries;

/// <summary>The connection broke while messages were being taken: nobody knows whether they are <c>sending</c> by now. Nothing has left.</summary>
/// <param name="jobs">Of the messages that are in doubt.</param>
/// <param name="cause">How it broke.</param>
internal sealed class CommitInDoubtException(IReadOnlyList<JobId> jobs, Exception cause) : Exception("The commit is in doubt.", cause)
{
    /// <summary>The jobs of the messages that would be on their way now.</summary>
    public IReadOnlyList<JobId> Jobs => jobs;
}
