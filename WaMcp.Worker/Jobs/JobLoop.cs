using System.Diagnostics;
using WaMcp.Domain;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Worker.Jobs;

/// <summary>Runs the handlers of one lane's jobs side by side, each in a scope of its own.</summary>
/// <param name="claims">Claims them.</param>
/// <param name="services">A scope for each job.</param>
/// <param name="failures">For jobs that failed.</param>
internal sealed class JobLoop(ClaimLoop claims, IServiceScopeFactory services, JobFailures failures) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => claims.RunAsync(Start, stoppingToken);

    private void Start(IReadOnlyList<Job> jobs)
    {
        foreach (var job in jobs)
        {
            _ = Task.Run(() => RunAsync(job), CancellationToken.None);
        }
    }

    private async Task RunAsync(Job job)
    {
        using var activity = WaMcpTelemetry.StartFrom(job.TraceParent, $"job {job.Kind}", ActivityKind.Consumer);
        activity?.SetTag("wamcp.job.id", job.Id.ToString()).SetTag("wamcp.job.attempt", job.Attempts);
        try
        {
            await using var scope = services.CreateAsyncScope();
            if (job.ClientId is { } client)
            {
                scope.ServiceProvider.GetRequiredService<TenantContext>().Set(client);
            }

            var handler = scope.ServiceProvider.GetServices<IJobHandler>().Single(candidate => candidate.Kind == job.Kind);
            await handler.HandleAsync(job, CancellationToken.None);
            WaMcpTelemetry.JobCompleted(job.Kind.ToString(), "ok");
        }
        catch (LeaseLostException exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            WaMcpTelemetry.JobCompleted(job.Kind.ToString(), "lease_lost");
            failures.LeaseLost(job);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
            WaMcpTelemetry.JobCompleted(job.Kind.ToString(), "error");
            await failures.PutOffAsync(job, exception);
        }
        finally
        {
            claims.Release(job);
        }
    }
}
