namespace WaMcp.Worker.Deliveries;

/// <summary>The moment at which a message may leave, by the clock's timestamps, which nobody sets back.</summary>
/// <param name="Timestamp">When it was told.</param>
/// <param name="Wait">How long after that.</param>
internal readonly record struct Slot(long Timestamp, TimeSpan Wait)
{
    /// <summary>How far it is ahead; less than nothing when it is over.</summary>
    public TimeSpan Ahead(TimeProvider clock) => Wait - clock.GetElapsedTime(Timestamp);
}
