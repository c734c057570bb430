namespace WaMcp.Tests.Infrastructure;

/// <summary>A clock that shows what the test says. Only the time of day: timers and elapsed times stay real.</summary>
/// <param name="now">What it shows first.</param>
internal sealed class ManualClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
