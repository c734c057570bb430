namespace WaMcp.Domain.Limits;

/// <summary>
/// The rule of the per-minute limit: a window that slides over the current and the previous minute,
/// <c>previous * (1 - elapsed fraction) + current</c>. Redis and Postgres both only count; the rule stands here.
/// </summary>
public static class SlidingWindow
{
    /// <summary>Length of a bucket and of the window.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    /// <summary>What the counters say about a call that was, or was not, admitted.</summary>
    /// <param name="admitted">Whether it was counted in.</param>
    /// <param name="previous">Calls of the previous minute.</param>
    /// <param name="current">Calls of this minute, the admitted one included.</param>
    /// <param name="limit">Calls a minute.</param>
    /// <param name="now">When.</param>
    public static RateDecision Decide(bool admitted, long previous, long current, int limit, DateTimeOffset now)
    {
        var start = BucketStart(now);
        var weighted = (previous * (1 - Elapsed(now))) + current;
        var remaining = Math.Max(0, (int)Math.Floor(limit - weighted));
        var retryAfter = admitted ? TimeSpan.Zero : RetryAfter(previous, current, limit, now);
        return new RateDecision(admitted, limit, remaining, start + Length, retryAfter);
    }

    /// <summary>The start of the minute.</summary>
    public static DateTimeOffset BucketStart(DateTimeOffset now) =>
        new(now.UtcTicks - (now.UtcTicks % Length.Ticks), TimeSpan.Zero);

    /// <summary>How much of the minute is over, 0 to 1.</summary>
    public static double Elapsed(DateTimeOffset now) => (double)(now.UtcTicks % Length.Ticks) / Length.Ticks;

    // The first moment at which previous * (1 - elapsed) + current + 1 <= limit, if nobody calls meanwhile.
    private static TimeSpan RetryAfter(long previous, long current, int limit, DateTimeOffset now)
    {
        var start = BucketStart(now);
        if (current + 1 <= limit && previous > 0)
        {
            var elapsed = 1 - ((double)(limit - 1 - current) / previous);
            return AtLeastASecond(start + (Length * elapsed) - now);
        }

        var next = current == 0 ? 0 : Math.Max(0, 1 - ((double)(limit - 1) / current));
        return AtLeastASecond(start + Length + (Length * next) - now);
    }

    private static TimeSpan AtLeastASecond(TimeSpan wait) =>
        TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(wait.TotalSeconds)));
}
