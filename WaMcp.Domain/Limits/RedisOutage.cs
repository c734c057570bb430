namespace WaMcp.Domain.Limits;

/// <summary>
/// Where calls are counted, and what changes that. A connection that breaks, or a question of <see cref="RedisWatch"/> that finds no answer,
/// begins an outage; only the watch ends one. A process begins in <see cref="CountedIn.Both"/>: it cannot know what the others know.
/// </summary>
/// <param name="clock">For the pauses.</param>
internal sealed class RedisOutage(TimeProvider clock)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    // However often something happens, looking costs something too.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private TaskCompletionSource news = News();
    private long interruptions;
    private CountedIn place = CountedIn.Both;

    /// <summary>Where calls are counted.</summary>
    public CountedIn Place
    {
        get
        {
            lock (gate)
            {
                return place;
            }
        }
    }

    /// <summary>
    /// Grows whenever what Redis says may not be comparable with what it said before: it may have come back from a snapshot that is older than
    /// the last revocation.
    /// </summary>
    public long Interruptions => Interlocked.Read(ref interruptions);

    /// <summary>Redis has gone.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Begin()
    {
        lock (gate)
        {
            Interlocked.Increment(ref interruptions);
            if (place == CountedIn.Postgres)
            {
                return false;
            }

            place = CountedIn.Postgres;
            news.TrySetResult();
            return true;
        }
    }

    /// <summary>A connection was made again; whether Redis answers over it, the watch finds out now.</summary>
    public void Reconnected()
    {
        lock (gate)
        {
            Interlocked.Increment(ref interruptions);
            news.TrySetResult();
        }
    }

    /// <summary>A call found no answer in time; whether Redis hangs or only that call did, the watch finds out now.</summary>
    public void Suspect()
    {
        lock (gate)
        {
            news.TrySetResult();
        }
    }

    /// <summary>Goes one step on, from Postgres to both or from both to Redis.</summary>
    /// <param name="asOf">The interruptions when it was found out that this is right: a later one stays in force.</param>
    /// <returns>Whether it went.</returns>
    public bool GoOn(long asOf)
    {
        lock (gate)
        {
            if (interruptions != asOf || place == CountedIn.Redis)
            {
                return false;
            }

            place = place == CountedIn.Postgres ? CountedIn.Both : CountedIn.Redis;
            return true;
        }
    }

    /// <summary>Waits for the next time to look.</summary>
    public async Task NextAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(ShortestPause, clock, cancellationToken);
        await Task.WhenAny(news.Task, Task.Delay(LookInterval, clock, cancellationToken));
        lock (gate)
        {
            news = News(); // before the look, which will see whatever is news until now
        }
    }

    private static TaskCompletionSource News() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
