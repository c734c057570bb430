using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Jobs;

/// <summary>Finds a job that was given up.</summary>
/// <param name="context">The database.</param>
public sealed class FindDeadLetter(WaMcpDbContext context)
{
    /// <summary>The job.</summary>
    /// <exception cref="Fault"><c>not_found</c>, also when it is done or there is still hope for it.</exception>
    public async Task<Job> ExecuteAsync(string reference, CancellationToken cancellationToken)
    {
        var job = TypedId.TryParse<JobId>(reference, out var id)
            ? await context.Jobs.SingleOrDefaultAsync(candidate => candidate.Id == id && candidate.DeadAt != null, cancellationToken)
            : null;
        return job ?? throw Fault.NotFound("dead letter", reference, "`admin deadletters list` shows them.");
    }
}
