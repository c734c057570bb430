namespace WaMcp.Domain.Limits;

/// <summary>
/// Whether Redis is away. A call that gets no answer, a connection that breaks or a look that fails begin an outage; only
/// <see cref="RedisWatch"/> ends one, after it has carried the counts over.
/// </summary>
/// <param name="clock">For elapsed time.</param>
/// <param name="patience">How long one question to Redis may take.</param>
internal sealed class RedisOutage(TimeProvider clock, TimeSpan patience)
{
    /// <summary>How often the watch looks, unless something happens.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    // By then every process must have noticed that Redis is back: it looks, it reconnects (a heartbeat and an attempt of a second each), it asks.
    private readonly TimeSpan handOver = LookInterval + TimeSpan.FromSeconds(3) + patience;
    private readonly Lock gate = new();
    private long since = clock.GetTimestamp(); // of the hand-over; a process that starts cannot know what the others know
    private long interruptions;
    private TaskCompletionSource news = News();
    private bool away;

    /// <summary>Whether calls are to be counted in Postgres.</summary>
    public bool IsAway => Volatile.Read(ref away);

    /// <summary>Whether Redis came back so lately that other processes may still be counting in Postgres.</summary>
    public bool IsHandingOver => clock.GetElapsedTime(Interlocked.Read(ref since)) < handOver;

    /// <summary>
    /// Grows whenever what Redis says may not be comparable with what it said before: it may have come back from a snapshot that is older than
    /// the last revocation.
    /// </summary>
    public long Interruptions => Interlocked.Read(ref interruptions);

    /// <summary>Redis did not answer, or its connection broke.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Begin()
    {
        lock (gate)
        {
            Interlocked.Increment(ref interruptions);
            if (away)
            {
                return false;
            }

            Volatile.Write(ref away, true);
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

    /// <summary>Redis answers, and knows what was counted without it.</summary>
    /// <param name="asOf">The interruptions when that was found out: a later one stays in force.</param>
    /// <returns>Whether that is news.</returns>
    public bool End(long asOf)
    {
        lock (gate)
        {
            if (!away || interruptions != asOf)
            {
                return false;
            }

            Interlocked.Exchange(ref since, clock.GetTimestamp());
            Volatile.Write(ref away, false);
            return true;
        }
    }

    /// <summary>Waits for the next time to look.</summary>
    public async Task NextAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAny(news.Task, Task.Delay(LookInterval, clock, cancellationToken));
        news = News(); // before the look, which will see whatever is news until now
    }

    private static TaskCompletionSource News() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
