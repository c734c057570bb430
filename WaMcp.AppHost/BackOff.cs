namespace WaMcp.AppHost;

/// <summary>How long a crashed program waits before it is started again: 1, 2, 4, … 30 seconds, and 1 again after a good minute.</summary>
internal sealed class BackOff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GoodRun = TimeSpan.FromMinutes(1);

    private TimeSpan next = First;

    public TimeSpan AfterRunOf(TimeSpan run)
    {
        var delay = run >= GoodRun ? First : next;
        next = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, Longest.Ticks));
        return delay;
    }
}
