using System.Collections.Concurrent;

namespace WaMcp.Domain.Limits;

/// <summary>
/// What this process was last told of each counter. It goes along with the next call as the least that the store must assume, and is
/// carried over whole when Redis goes, comes back or has lost its memory, so that a store which knows less forgets nothing.
/// </summary>
internal sealed class SeenCounts
{
    private readonly ConcurrentDictionary<string, Seen> counters = new(StringComparer.Ordinal);
    private long sweptAt;

    /// <summary>The least counts of this minute and the one before.</summary>
    public (long Current, long Previous) Of(string counter, long minute) =>
        counters.TryGetValue(counter, out var seen) ? seen.In(minute) : default;

    /// <summary>Everything that a window can still reach.</summary>
    public IReadOnlyList<Bucket> All(long minute) =>
    [
        .. counters
            .SelectMany(pair => new Bucket[] { new(pair.Key, pair.Value.Minute, pair.Value.Current), new(pair.Key, pair.Value.Minute - 1, pair.Value.Previous) })
            .Where(bucket => bucket.Minute >= minute - 1 && bucket.Count > 0),
    ];

    /// <summary>A store told these counts.</summary>
    public void Note(string counter, long minute, long current, long previous)
    {
        counters.AddOrUpdate(counter, static (_, told) => told, static (_, known, told) => known.With(told), new Seen(minute, current, previous));
        Sweep(minute);
    }

    // Once a minute, what no window can reach any more.
    private void Sweep(long minute)
    {
        var last = Interlocked.Read(ref sweptAt);
        if (minute == last || Interlocked.CompareExchange(ref sweptAt, minute, last) != last)
        {
            return;
        }

        foreach (var (counter, seen) in counters)
        {
            if (Math.Abs(seen.Minute - minute) > 1) // a clock may have been ahead
            {
                counters.TryRemove(new(counter, seen));
            }
        }
    }

    private sealed record Seen(long Minute, long Current, long Previous)
    {
        public (long Current, long Previous) In(long minute) =>
            minute == Minute ? (Current, Previous)
            : minute == Minute + 1 ? (0, Current)
            : default;

        // The greater of both, by the later one's minute.
        public Seen With(Seen other)
        {
            var (later, earlier) = Minute >= other.Minute ? (this, other) : (other, this);
            var (current, previous) = earlier.In(later.Minute);
            return new(later.Minute, Math.Max(later.Current, current), Math.Max(later.Previous, previous));
        }
    }
}
