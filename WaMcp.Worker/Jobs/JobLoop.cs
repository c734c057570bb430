using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Worker.Jobs;

/// <summary>
/// Runs the handlers of one lane's jobs side by side, each in a scope of its own. What has come for one client and one channel while the one before was done is
/// done together, where the handler can do that, and one by one where that failed: a job that cannot be done keeps nobody else from being done.
/// </summary>
/// <param name="claims">Claims them.</param>
/// <param name="queue">Where those go back to that were not begun when it stops.</param>
/// <param name="services">A scope for each call.</param>
/// <param name="failures">For jobs that failed.</param>
/// <param name="options">How long a claimed job is ours.</param>
/// <param name="logger">For what could not be done together.</param>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It lives as long as the process.")]
internal sealed partial class JobLoop(
    ClaimLoop claims, JobQueue queue, IServiceScopeFactory services, JobFailures failures, IOptions<JobOptions> options, ILogger<JobLoop> logger) : BackgroundService
{
    // After that long somebody else begins with what waits behind a batch.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly int together = claims.Lane.Together;
    private readonly SemaphoreSlim slots = new(Slots(claims.Lane));
    private readonly int most = claims.Lane.Shares ? Math.Max(1, Slots(claims.Lane) / 2) : Slots(claims.Lane);
    private readonly Lock gate = new();
    private readonly Dictionary<(JobKind, ClientId?, ChannelId?), Pending> pending = [];
    private CancellationToken stopping;

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        stopping = stoppingToken;
        return claims.RunAsync(Start, stoppingToken);
    }

    private static int Slots(JobLane lane) => Math.Max(1, lane.Places / lane.Together);

    private void Start(IReadOnlyList<Job> jobs)
    {
        if (together == 1)
        {
            foreach (var job in jobs)
            {
                _ = Task.Run(() => RunAsync(job), CancellationToken.None);
            }

            return;
        }

        var now = Stopwatch.GetTimestamp();
        lock (gate)
        {
            foreach (var of in jobs.GroupBy(job => (job.Kind, job.ClientId, job.ChannelId)))
            {
                if (!pending.TryGetValue(of.Key, out var waiting))
                {
                    pending.Add(of.Key, waiting = new Pending(of.Key));
                }

                foreach (var job in of)
                {
                    waiting.Jobs.AddLast((job, now));
                }

                StartRunners(waiting);
            }
        }
    }

    // Under the gate. More than one batch at a time only where more than one waits, and something is left for others.
    private void StartRunners(Pending waiting)
    {
        while (waiting.Running < most && waiting.Alone.Count + ((waiting.Jobs.Count + together - 1) / together) > waiting.Running - waiting.Slow)
        {
            waiting.Running++;
            _ = Task.Run(() => RunAsync(waiting), CancellationToken.None);
        }
    }

    private async Task RunAsync(Pending waiting)
    {
        var isMore = true;
        while (isMore)
        {
            await slots.WaitAsync(CancellationToken.None);
            try
            {
                var work = RunNextAsync(waiting);
                var isSlow = await Task.WhenAny(work, Task.Delay(Patience, CancellationToken.None)) != work;
                Slow(waiting, isSlow ? 1 : 0);
                isMore = await work;
                Slow(waiting, isSlow ? -1 : 0);
            }
            finally
            {
                slots.Release();
            }
        }
    }

    private void Slow(Pending waiting, int runners)
    {
        lock (gate)
        {
            waiting.Slow += runners;
            if (runners > 0)
            {
                StartRunners(waiting);
            }
        }
    }

    private async Task<bool> RunNextAsync(Pending waiting)
    {
        var (jobs, late) = Take(waiting);
        foreach (var job in late)
        {
            failures.LeaseLost(job);
            claims.Release(job);
        }

        if (stopping.IsCancellationRequested && jobs.Count > 0)
        {
            await PutBackAsync(jobs);
        }
        else if (jobs.Count == 1)
        {
            await RunAsync(jobs[0].Job);
        }
        else if (jobs.Count > 1)
        {
            var done = await TryTogetherAsync([.. jobs.Select(each => each.Job)]);
            lock (gate)
            {
                waiting.Return([.. jobs.Skip(done)], alone: done == 0);
                StartRunners(waiting);
            }
        }

        return jobs.Count + late.Count > 0;
    }

    // Whose lease may be over is somebody else's by now, or soon.
    private (List<(Job Job, long Claimed)> Jobs, List<Job> Late) Take(Pending waiting)
    {
        lock (gate)
        {
            var (jobs, late) = (new List<(Job Job, long Claimed)>(), new List<Job>());
            var from = waiting.Alone.Count > 0 ? waiting.Alone : waiting.Jobs;
            while (from.First is { } first && jobs.Count < (from == waiting.Alone ? 1 : together))
            {
                from.RemoveFirst();
                if (Stopwatch.GetElapsedTime(first.Value.Claimed) > options.Value.Lease * 0.75)
                {
                    late.Add(first.Value.Job);
                }
                else
                {
                    jobs.Add(first.Value);
                }
            }

            if (jobs.Count + late.Count == 0 && --waiting.Running == 0)
            {
                pending.Remove(waiting.Key);
            }

            return (jobs, late);
        }
    }

    private async Task PutBackAsync(List<(Job Job, long Claimed)> jobs)
    {
        try
        {
            await queue.PutBackAsync(jobs.ConvertAll(each => each.Job), TimeSpan.Zero, null, CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogNotPutBack(exception, jobs.Count); // their leases will run out
        }
        finally
        {
            jobs.ForEach(each => claims.Release(each.Job));
        }
    }

    // How many of them are done; none when it failed.
    private async Task<int> TryTogetherAsync(Job[] jobs)
    {
        Activity?[] activities = [.. jobs.Reverse().Select(Start).Reverse()]; // what they share is seen with the first
        var done = 0;
        try
        {
            await using var scope = services.CreateAsyncScope();
            done = HandlerOf(jobs[0], scope.ServiceProvider) is IBatchHandler handler ? await handler.HandleAsync(jobs, CancellationToken.None) : 0;
        }
        catch (Exception exception)
        {
            LogNotTogether(exception, jobs.Length, jobs[0].Kind); // each by itself says what is wrong with it
            WaMcpTelemetry.JobCompleted(jobs[0].Kind.ToString(), "not_together");
        }

        foreach (var (place, job) in jobs.Index())
        {
            activities[place]?.SetTag("wamcp.jobs.together", jobs.Length).Dispose();
            if (place < done)
            {
                WaMcpTelemetry.JobCompleted(job.Kind.ToString(), "ok");
                claims.Release(job);
            }
        }

        return done;
    }

    private async Task RunAsync(Job job)
    {
        using var activity = Start(job);
        try
        {
            await using var scope = services.CreateAsyncScope();
            await HandlerOf(job, scope.ServiceProvider).HandleAsync(job, CancellationToken.None);
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

    private static Activity? Start(Job job) => WaMcpTelemetry.StartFrom(job.TraceParent, $"job {job.Kind}", ActivityKind.Consumer)
        ?.SetTag("wamcp.job.id", job.Id.ToString()).SetTag("wamcp.job.attempt", job.Attempts);

    private static IJobHandler HandlerOf(Job job, IServiceProvider services)
    {
        if (job.ClientId is { } client)
        {
            services.GetRequiredService<TenantContext>().Set(client);
        }

        return services.GetServices<IJobHandler>().Single(candidate => candidate.Kind == job.Kind);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} jobs {Kind} could not be done together; each is tried by itself.")]
    private partial void LogNotTogether(Exception exception, int count, JobKind kind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} jobs that were not begun could not be put back; they come back when their leases run out.")]
    private partial void LogNotPutBack(Exception exception, int count);

    // What waits for one client and one channel, and how many are at it.
    private sealed class Pending((JobKind, ClientId?, ChannelId?) key)
    {
        public (JobKind, ClientId?, ChannelId?) Key => key;

        public LinkedList<(Job Job, long Claimed)> Jobs { get; } = new();

        // Those that could not be done together.
        public LinkedList<(Job Job, long Claimed)> Alone { get; } = new();

        public int Running { get; set; }

        // Those of them that take long: what waits is not left to them.
        public int Slow { get; set; }

        public void Return(List<(Job Job, long Claimed)> jobs, bool alone)
        {
            jobs.Reverse();
            jobs.ForEach(each => (alone ? Alone : Jobs).AddFirst(each));
        }
    }
}
