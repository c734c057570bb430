using System.Collections.Concurrent;

namespace WaMcp.Domain.Limits;

/// <summary>
/// What this process was last told of each subject's counters. It goes along with the next call as the least that the store must
/// assume, so that a store which knows less (Redis restarted empty or flushed, Postgres at the moment it takes over) forgets nothing.
/// </summary>
internal sealed class SeenCounts
{
    private readonly ConcurrentDictionary<string, Seen> subjects = new(StringComparer.Ordinal);
    private long sweptAt;

    /// <summary>The least counts of this minute and the one before.</summary>
    public (long Current, long Previous) Of(string subject, long minute)
    {
        if (!subjects.TryGetValue(subject, out var seen))
        {
            return default;
        }

        return seen.Minute == minute ? (seen.Current, seen.Previous)
            : seen.Minute == minute - 1 ? (0, seen.Current)
            : default;
    }

    /// <summary>A store told these counts.</summary>
    public void Note(string subject, long minute, long current, long previous)
    {
        subjects.AddOrUpdate(
            subject,
            static (_, told) => told,
            static (_, known, told) => told.Minute < known.Minute ? known
                : told.Minute > known.Minute ? told
                : new(told.Minute, Math.Max(told.Current, known.Current), Math.Max(told.Previous, known.Previous)),
            new Seen(minute, current, previous));
        Sweep(minute);
    }

    // Once a minute, what no window can reach any more.
    private void Sweep(long minute)
    {
        var last = Interlocked.Read(ref sweptAt);
        if (minute <= last || Interlocked.CompareExchange(ref sweptAt, minute, last) != last)
        {
            return;
        }

        foreach (var (subject, seen) in subjects)
        {
            if (seen.Minute < minute - 1)
            {
                subjects.TryRemove(new(subject, seen));
            }
        }
    }

    private sealed record Seen(long Minute, long Current, long Previous);
}
