namespace WaMcp.Domain.Audit;

/// <summary>Times as Postgres keeps them: whole microseconds since 2000-01-01 UTC. Exact, and there is one also for what no date says.</summary>
public static class AuditTime
{
    private static readonly long Epoch = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).Ticks;

    /// <summary>The microsecond that a time is in.</summary>
    public static long Of(DateTimeOffset time) => Math.DivRem(time.UtcTicks - Epoch, TimeSpan.TicksPerMicrosecond, out var rest) - (rest < 0 ? 1 : 0);

    /// <summary>The time, or the nearest that a date can say.</summary>
    public static DateTimeOffset ToTime(long microseconds) =>
        microseconds < Of(DateTimeOffset.MinValue) ? DateTimeOffset.MinValue
        : microseconds > Of(DateTimeOffset.MaxValue) ? DateTimeOffset.MaxValue
        : new(Epoch + (microseconds * TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}
