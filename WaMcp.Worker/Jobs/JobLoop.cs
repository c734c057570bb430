using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
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
/// <param name="services">A scope for each call.</param>
/// <param name="failures">For jobs that failed.</param>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It lives as long as the process.")]
internal sealed class JobLoop(ClaimLoop claims, IServiceScopeFactory services, JobFailures failures) : BackgroundService
{
    private readonly int together = claims.Lane.Together;
    private readonly SemaphoreSlim atOnce = new(Math.Max(1, claims.Lane.Places / claims.Lane.Together));
    private readonly int most = Math.Max(1, claims.Lane.Places / claims.Lane.Together / 2);
    private readonly Lock gate = new();
    private readonly Dictionary<(JobKind, ClientId?, ChannelId?), Pending> pending = [];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => claims.RunAsync(Start, stoppingToken);

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

        foreach (var of in jobs.GroupBy(job => (job.Kind, job.ClientId, job.ChannelId)))
        {
            Add(of.Key, of);
        }
    }

    // More than one batch at a time only where more than one waits, and something is left for others.
    private void Add((JobKind, ClientId?, ChannelId?) key, IEnumerable<Job> jobs)
    {
        lock (gate)
        {
            if (!pending.TryGetValue(key, out var waiting))
            {
                pending.Add(key, waiting = new Pending());
            }

            foreach (var job in jobs)
            {
                waiting.Jobs.Enqueue(job);
            }

            while (waiting.Running == 0 || (waiting.Jobs.Count > waiting.Running * together && waiting.Running < most))
            {
                waiting.Running++;
                _ = Task.Run(() => RunAsync(key, waiting), CancellationToken.None);
            }
        }
    }

    private async Task RunAsync((JobKind, ClientId?, ChannelId?) key, Pending waiting)
    {
        while (true)
        {
            await atOnce.WaitAsync(CancellationToken.None);
            try
            {
                if (Take(key, waiting) is not { Length: > 0 } jobs)
                {
                    return;
                }

                await RunAsync(jobs);
            }
            finally
            {
                atOnce.Release();
            }
        }
    }

    private Job[] Take((JobKind, ClientId?, ChannelId?) key, Pending waiting)
    {
        lock (gate)
        {
            var jobs = new List<Job>();
            while (jobs.Count < together && waiting.Jobs.TryDequeue(out var job))
            {
                jobs.Add(job);
            }

            if (jobs.Count == 0 && --waiting.Running == 0)
            {
                pending.Remove(key);
            }

            return [.. jobs];
        }
    }

    private async Task RunAsync(Job[] jobs)
    {
        var done = 0;
        while (jobs.Length - done > 1 && await TryTogetherAsync(jobs[done..]) is var some && some > 0)
        {
            done += some;
        }

        foreach (var job in jobs[done..])
        {
            await RunAsync(job);
        }
    }

    // How many of them are done.
    private async Task<int> TryTogetherAsync(Job[] jobs)
    {
        Activity?[] activities = [.. jobs.Reverse().Select(Start).Reverse()]; // what they share is seen with the first
        var done = 0;
        try
        {
            await using var scope = services.CreateAsyncScope();
            done = HandlerOf(jobs[0], scope.ServiceProvider) is IBatchHandler handler ? await handler.HandleAsync(jobs, CancellationToken.None) : 0;
        }
        catch (Exception)
        {
            // Each by itself says what is wrong with it.
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

    // What waits for one client and one channel, and how many batches of it are being done.
    private sealed class Pending
    {
        public Queue<Job> Jobs { get; } = new();

        public int Running { get; set; }
    }
}
