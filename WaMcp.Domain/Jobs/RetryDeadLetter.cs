using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Jobs;

/// <summary>Puts a job that was given up back into the queue, as if it had never been tried.</summary>
/// <param name="context">The database.</param>
/// <param name="tenant">Becomes the job's client.</param>
/// <param name="find">Finds it.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">From now on.</param>
public sealed class RetryDeadLetter(
    WaMcpDbContext context, TenantContext tenant, FindDeadLetter find, AuditedChange change, TimeProvider clock)
{
    /// <summary>Puts it back; of jobs that are done in order it waits for the one that is being done.</summary>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> when somebody else does the same at this moment.</exception>
    public async Task<Job> ExecuteAsync(string reference, CancellationToken cancellationToken)
    {
        var job = await find.ExecuteAsync(reference, cancellationToken);
        await context.Database.BeginTransactionAsync(cancellationToken); // saving ends it
        if (job is { OrderKey: { } conversation, ClientId: { } client })
        {
            // Whoever accepts a message for the conversation at this moment is waited for, or would not see that this one comes before it.
            tenant.Set(client);
            await context.Database.ExecuteSqlAsync($"SELECT FROM conversations WHERE id = {conversation} FOR UPDATE", cancellationToken);
        }

        var entry = context.Entry(job);
        entry.Property(dead => dead.DeadAt).CurrentValue = null;
        entry.Property(dead => dead.Attempts).CurrentValue = 0;
        entry.Property(dead => dead.RunAt).CurrentValue = clock.GetUtcNow();
        await context.Database.ExecuteSqlAsync($"SELECT pg_notify({JobQueue.Notification}, {job.Kind.ToString()})", cancellationToken);
        await change.SaveAsync(
            change.Row(AuditAction.DeadLetterRetried) with { ClientId = job.ClientId, ChannelId = job.ChannelId },
            new() { ["job"] = job.Id.ToString(), ["kind"] = job.Kind.ToString() },
            affected: [],
            cancellationToken);
        return job;
    }
}
