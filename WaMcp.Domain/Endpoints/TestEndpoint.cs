using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;

namespace WaMcp.Domain.Endpoints;

/// <summary>Has a Worker send one event to an endpoint now, disabled or not, and says what became of it. It is tried once.</summary>
/// <param name="context">The database.</param>
/// <param name="find">Finds it.</param>
/// <param name="change">Saves the order with its audit row.</param>
/// <param name="clock">Limits the wait.</param>
public sealed class TestEndpoint(WaMcpDbContext context, FindEndpoint find, AuditedChange change, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Tests it.</summary>
    /// <returns>The endpoint as it is then, and why it did not take the event; null when it did.</returns>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> for a disabled client; <c>unavailable</c> when no Worker does it.</exception>
    public async Task<(Endpoint Endpoint, string? Error)> ExecuteAsync(string reference, CancellationToken cancellationToken)
    {
        var endpoint = await find.ExecuteAsync(reference, cancellationToken);
        if (await context.Clients.AnyAsync(client => client.Id == endpoint.ClientId && client.DisabledAt != null, cancellationToken))
        {
            throw new Fault(FaultCode.Conflict, "The client is disabled: nothing is sent to it.", "`admin clients enable` enables it.");
        }

        var test = Guid.CreateVersion7();
        await context.Database.BeginTransactionAsync(cancellationToken); // saving ends it
        await JobQueue.EnqueueAsync(
            (NpgsqlConnection)context.Database.GetDbConnection(),
            [
                new NewJob(JobKind.Notify, test, endpoint.ClientId, TraceParent: Activity.Current?.Id)
                {
                    EndpointId = endpoint.Id, Event = new EndpointEvent(EndpointEvent.EndpointTest, null).ToString(),
                },
            ],
            cancellationToken);
        await context.Database.ExecuteSqlAsync( // before whatever waits for the endpoint
            $"UPDATE jobs SET run_at = now() - interval '1 day' WHERE kind = {nameof(JobKind.Notify)} AND subject_id = {test}", cancellationToken);
        await change.SaveAsync(
            change.Row(AuditAction.EndpointTested) with { ClientId = endpoint.ClientId }, new() { ["endpoint"] = endpoint.Id.ToString() }, affected: [], cancellationToken);
        var error = await ErrorAsync(test, cancellationToken);
        await context.Entry(endpoint).ReloadAsync(cancellationToken);
        return (endpoint, error);
    }

    private async Task<string?> ErrorAsync(Guid test, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (await context.Jobs.AsNoTracking().SingleOrDefaultAsync(job => job.Kind == JobKind.Notify && job.SubjectId == test, cancellationToken) is { } job)
        {
            var isOver = clock.GetElapsedTime(started) > Patience;
            if (job.DeadAt is not null || isOver)
            {
                await context.Jobs.Where(candidate => candidate.Id == job.Id).ExecuteDeleteAsync(cancellationToken);
                return job.DeadAt is not null ? job.LastError ?? "it failed" : throw new Fault(
                    FaultCode.Unavailable, $"No Worker sent it within {Patience.TotalSeconds:0} seconds.", "See that a Worker runs, and that it is not waiting for this very endpoint: `admin endpoints show` tells.");
            }

            await Task.Delay(LookEvery, clock, cancellationToken);
        }

        return null;
    }
}
