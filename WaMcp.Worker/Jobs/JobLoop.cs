using System.Diagnostics;
using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Worker.Jobs;

/// <summary>
/// Claims due jobs of one lane and runs their handlers side by side: as many as there are free places, so that a slow provider holds up
/// its own jobs and nobody else's. Stops by claiming no more and finishing what it holds.
/// </summary>
/// <param name="lane">Which jobs, and how many.</param>
/// <param name="queue">Where jobs are.</param>
/// <param name="signal">Wakes the loop.</param>
/// <param name="services">A scope for each job.</param>
/// <param name="options">How many, how long.</param>
/// <param name="logger">For jobs that failed.</param>
internal sealed partial class JobLoop(
    JobLane lane, JobQueue queue, JobSignal signal, IServiceScopeFactory services, IOptions<JobOptions> options, ILogger<JobLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    // A job may be due and locked by the transaction that is finishing it.
    private static readonly TimeSpan ShortestSleep = TimeSpan.FromMilliseconds(10);

    private readonly SemaphoreSlim places = new(lane.Places);

    private readonly SemaphoreSlim bell = signal.Subscribe();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await places.WaitAsync(stoppingToken);
                if (await StartOrRestAsync(stoppingToken) == 0)
                {
                    await bell.WaitAsync(await SleepAsync(stoppingToken), stoppingToken);
                }
            }
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop, whatever was interrupted by it. All places free again means that everything has ended; the host's shutdown timeout bounds the wait.
            for (var place = 0; place < lane.Places; place++)
            {
                await places.WaitAsync(CancellationToken.None);
            }
        }
    }

    private async Task<int> StartOrRestAsync(CancellationToken stoppingToken)
    {
        try
        {
            return await StartDueAsync(stoppingToken);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            LogNotClaimed(exception);
            return 0;
        }
    }

    // Called with one place taken.
    private async Task<int> StartDueAsync(CancellationToken cancellationToken)
    {
        var taken = 1;
        while (places.Wait(0, CancellationToken.None))
        {
            taken++;
        }

        IReadOnlyList<Job> jobs = [];
        try
        {
            jobs = await queue.ClaimAsync(lane.Kinds, taken, options.Value.Lease, cancellationToken);
        }
        finally
        {
            if (taken > jobs.Count)
            {
                places.Release(taken - jobs.Count);
            }
        }

        foreach (var job in jobs)
        {
            _ = Task.Run(() => RunAsync(job), CancellationToken.None);
        }

        return jobs.Count;
    }

    private async Task<TimeSpan> SleepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var due = await queue.NextDueAsync(lane.Kinds, cancellationToken) ?? options.Value.LongestSleep;
            return due < ShortestSleep ? ShortestSleep : due < options.Value.LongestSleep ? due : options.Value.LongestSleep;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return AfterFailure; // the claim has said why already
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
            LogLeaseLost(job.Id);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
            WaMcpTelemetry.JobCompleted(job.Kind.ToString(), "error");
            await PutOffAsync(job, exception);
        }
        finally
        {
            places.Release();
        }
    }

    private async Task PutOffAsync(Job job, Exception exception)
    {
        LogFailed(exception, job.Kind, job.Id, job.Attempts);
        try
        {
            // The text of an exception may hold content; its type does not.
            var error = exception is Fault fault ? fault.PublicText : exception.GetType().Name;
            if (job.Attempts > options.Value.RetrySchedule.Count)
            {
                await queue.BuryAsync(job, error, CancellationToken.None);
                LogBuried(job.Kind, job.Id, job.Attempts);
            }
            else
            {
                await queue.ReturnAsync(job, options.Value.RetrySchedule[job.Attempts - 1], error, CancellationToken.None);
            }
        }
        catch (Exception notWritten)
        {
            LogNotPutOff(notWritten, job.Id); // its lease will run out
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Jobs could not be claimed.")]
    private partial void LogNotClaimed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} {Job} failed at attempt {Attempt} and is put off.")]
    private partial void LogFailed(Exception exception, JobKind kind, JobId job, int attempt);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Kind} {Job} failed {Attempts} times and is given up; it stays as a dead letter.")]
    private partial void LogBuried(JobKind kind, JobId job, int attempts);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease on {Job} ran out before it was done; another worker has it.")]
    private partial void LogLeaseLost(JobId job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Job} could not be put off; it comes back when its lease runs out.")]
    private partial void LogNotPutOff(Exception exception, JobId job);
}
