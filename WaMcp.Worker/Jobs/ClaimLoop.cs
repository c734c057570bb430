using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Jobs;

namespace WaMcp.Worker.Jobs;

/// <summary>
/// Claims the due jobs of one lane: as many as there are free places, so that a slow provider holds up its own jobs and nobody else's. Stops by
/// claiming no more and waiting for what was started.
/// </summary>
/// <param name="lane">Which jobs, and how many.</param>
/// <param name="queue">Where jobs are.</param>
/// <param name="signal">Wakes the loop.</param>
/// <param name="options">How long.</param>
/// <param name="logger">For a queue that cannot be reached.</param>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "It lives as long as the process.")]
internal sealed partial class ClaimLoop(
    JobLane lane, JobQueue queue, JobSignal signal, IOptions<JobOptions> options, ILogger<ClaimLoop> logger)
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    // A job may be due and locked by the transaction that is finishing it.
    private static readonly TimeSpan ShortestSleep = TimeSpan.FromMilliseconds(10);

    private const double LongestBreath = 250; // ms

    private readonly SemaphoreSlim places = new(lane.Places);

    private readonly SemaphoreSlim bell = signal.Subscribe(lane.Kinds);

    private readonly ConcurrentDictionary<Guid, int> held = new();

    private readonly ConcurrentDictionary<Guid, int> heldByEndpoints = new();

    /// <summary>Whose jobs these are.</summary>
    public JobLane Lane => lane;

    /// <summary>Starts jobs until it is asked to stop, and returns when all of them have ended.</summary>
    /// <param name="start">Starts claimed jobs; each holds a place until <see cref="Release"/>.</param>
    /// <param name="stoppingToken">Asks to stop.</param>
    public async Task RunAsync(Action<IReadOnlyList<Job>> start, CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await places.WaitAsync(stoppingToken);
                if (await StartOrRestAsync(start, stoppingToken) == 0)
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

    /// <summary>A job has ended, one way or the other.</summary>
    public void Release(Job job)
    {
        Hold(job, -1);
        places.Release();
        if (RingsForShares)
        {
            JobSignal.Ring(bell); // its number may have another place
        }
    }

    // Where claims come at short times anyway, those are soon enough.
    private bool RingsForShares => lane is { Shares: true, Breath.Ticks: 0 };

    private void Hold(Job job, int places)
    {
        if ((job.ChannelId?.Value ?? job.ClientId?.Value) is { } holder)
        {
            held.AddOrUpdate(holder, places, (_, before) => before + places);
        }

        if (job.EndpointId is { } endpoint)
        {
            heldByEndpoints.AddOrUpdate(endpoint.Value, places, (_, before) => before + places);
        }
    }

    private JobShares Shares(int free)
    {
        if (!lane.Shares)
        {
            return JobShares.Unlimited;
        }

        var endpoints = heldByEndpoints.Where(each => each.Value > 0).ToDictionary();
        return new(free, held.Where(each => each.Value > 0).Concat(endpoints).ToDictionary())
        {
            OfOneEndpoint = lane.PlacesOfOneEndpoint,
            Endpoints = endpoints.Keys.ToHashSet(),
        };
    }

    private async Task<int> StartOrRestAsync(Action<IReadOnlyList<Job>> start, CancellationToken stoppingToken)
    {
        try
        {
            return await StartDueAsync(start, stoppingToken);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            LogNotClaimed(exception);
            return 0;
        }
    }

    // Called with one place taken.
    private async Task<int> StartDueAsync(Action<IReadOnlyList<Job>> start, CancellationToken cancellationToken)
    {
        var taken = 1;
        while (places.Wait(0, CancellationToken.None))
        {
            taken++;
        }

        IReadOnlyList<Job> jobs = [];
        var began = Stopwatch.GetTimestamp();
        try
        {
            // Not interrupted: a claim that is committed and that nobody knows of would be nobody's until its lease runs out.
            jobs = await queue.ClaimAsync(lane.Kinds, taken, options.Value.Lease, Shares(taken), CancellationToken.None);
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
            Hold(job, 1);
        }

        start(jobs);
        if (jobs.Count < taken && lane.Breath > TimeSpan.Zero)
        {
            // Claims get slower with the number of those who have something to do; no more than half of the time is for them.
            var took = Math.Min(Stopwatch.GetElapsedTime(began).TotalMilliseconds, LongestBreath);
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(took, lane.Breath.TotalMilliseconds)), cancellationToken);
        }

        return jobs.Count;
    }

    private async Task<TimeSpan> SleepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var shares = Shares(places.CurrentCount);
            var longest = !RingsForShares && shares.Holders.Any(holder => shares.Of(holder) == 0) ? lane.Breath : options.Value.LongestSleep; // a place of theirs comes free
            var due = await queue.NextDueAsync(lane.Kinds, shares, cancellationToken) ?? longest;
            return due > longest ? longest : due < ShortestSleep ? ShortestSleep : due;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return AfterFailure; // the claim has said why already
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Jobs could not be claimed.")]
    private partial void LogNotClaimed(Exception exception);
}
