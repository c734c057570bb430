namespace WaMcp.Tests.Infrastructure;

/// <summary>A clock by which nothing grows old: the time of day and timers are real, elapsed time is none.</summary>
internal sealed class AgelessClock : TimeProvider
{
    public override long GetTimestamp() => 0;
}
