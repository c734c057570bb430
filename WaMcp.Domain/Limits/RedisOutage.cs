namespace WaMcp.Domain.Limits;

/// <summary>
/// Remembers that Redis is away, so that one call a second finds out whether it is back and the others do not wait for it.
/// </summary>
/// <param name="clock">For the pauses.</param>
internal sealed class RedisOutage(TimeProvider clock)
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(1);

    // Longer than a probe interval and a probe: by then every process must have noticed that Redis is back.
    private static readonly TimeSpan HandOver = TimeSpan.FromSeconds(3);

    private long nextProbe; // 0: Redis answers
    private long handedOver;

    /// <summary>Whether this call should ask Redis.</summary>
    public bool MayAsk()
    {
        var due = Interlocked.Read(ref nextProbe);
        return due == 0
            || (clock.GetTimestamp() >= due && Interlocked.CompareExchange(ref nextProbe, After(ProbeInterval), due) == due);
    }

    /// <summary>Whether Redis came back so lately that other processes may still be counting in Postgres.</summary>
    public bool IsHandingOver => clock.GetTimestamp() < Interlocked.Read(ref handedOver);

    /// <summary>Redis did not answer.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Begin() => Interlocked.Exchange(ref nextProbe, After(ProbeInterval)) == 0;

    /// <summary>Redis answered.</summary>
    /// <returns>Whether that is news.</returns>
    public bool End()
    {
        if (Interlocked.Read(ref nextProbe) == 0)
        {
            return false;
        }

        Interlocked.Exchange(ref handedOver, After(HandOver));
        return Interlocked.Exchange(ref nextProbe, 0) != 0;
    }

    private long After(TimeSpan wait) => clock.GetTimestamp() + (long)(wait.TotalSeconds * clock.TimestampFrequency);
}
