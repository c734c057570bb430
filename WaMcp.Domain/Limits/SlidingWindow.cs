namespace WaMcp.Domain.Limits;

/// <summary>
/// The rule of the per-minute limit: a window that slides over the current and the previous minute,
/// <c>previous * (1 - elapsed fraction) + current</c>. Redis and Postgres only count; the rule stands here, in whole milliseconds, so that all
/// three agree to the last call.
/// </summary>
public static class SlidingWindow
{
    /// <summary>Length of a bucket and of the window.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    private const long LengthMs = 60_000;

    /// <summary>What the counters say about a call that was, or was not, admitted.</summary>
    /// <param name="admitted">Whether it was counted in.</param>
    /// <param name="previous">Calls of the previous minute.</param>
    /// <param name="current">Calls of this minute, the admitted one included.</param>
    /// <param name="limit">Calls a minute.</param>
    /// <param name="now">When.</param>
    public static RateDecision Decide(bool admitted, long previous, long current, int limit, DateTimeOffset now)
    {
        var free = (limit * LengthMs) - (previous * LeftMs(now)) - (current * LengthMs);
        return new RateDecision(
            admitted,
            limit,
            (int)Math.Max(0, free / LengthMs),
            BucketStart(now) + Length,
            admitted ? TimeSpan.Zero : RetryAfter(previous, current, limit, now));
    }

    /// <summary>The start of the minute.</summary>
    public static DateTimeOffset BucketStart(DateTimeOffset now) => StartOf(Minute(now));

    /// <summary>When the minute of this number begins.</summary>
    public static DateTimeOffset StartOf(long minute) => DateTimeOffset.FromUnixTimeMilliseconds(minute * LengthMs);

    /// <summary>The number of the minute, since 1970.</summary>
    public static long Minute(DateTimeOffset now) => now.ToUnixTimeMilliseconds() / LengthMs;

    /// <summary>Milliseconds left of the minute, 1 to 60,000: the weight of the previous minute.</summary>
    public static long LeftMs(DateTimeOffset now) => LengthMs - (now.ToUnixTimeMilliseconds() % LengthMs);

    // The first moment at which one more call fits, if nobody calls meanwhile; whole seconds, because Retry-After knows no others.
    private static TimeSpan RetryAfter(long previous, long current, int limit, DateTimeOffset now)
    {
        var wait = current < limit
            ? LeftMs(now) - FittingMs(previous, limit - 1 - current)
            : LeftMs(now) + LengthMs - FittingMs(current, limit - 1);
        return TimeSpan.FromSeconds(Math.Max(1, (wait + 999) / 1000));
    }

    // How much of a minute may be left at most, so that what was counted in the minute before it weighs no more than what is free.
    private static long FittingMs(long counted, long free) => counted == 0 ? LengthMs : Math.Min(LengthMs, free * LengthMs / counted);
}
