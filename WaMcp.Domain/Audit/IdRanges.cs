namespace WaMcp.Domain.Audit;

/// <summary>A set of ids that come almost in order and almost without gaps: it holds ranges, however many ids there are.</summary>
internal sealed class IdRanges
{
    private readonly List<(long First, long Last)> ranges = [];

    /// <summary>Adds one; adding it twice does no harm.</summary>
    public void Add(long id)
    {
        var next = ranges.Count;
        while (next > 0 && ranges[next - 1].First > id)
        {
            next--;
        }

        if (next > 0 && id <= ranges[next - 1].Last)
        {
            return;
        }

        var endsBefore = next > 0 && ranges[next - 1].Last == id - 1;
        var beginsAfter = next < ranges.Count && ranges[next].First == id + 1;
        switch (endsBefore, beginsAfter)
        {
            case (true, true):
                ranges[next - 1] = (ranges[next - 1].First, ranges[next].Last);
                ranges.RemoveAt(next);
                break;
            case (true, false):
                ranges[next - 1] = (ranges[next - 1].First, id);
                break;
            case (false, true):
                ranges[next] = (id, ranges[next].Last);
                break;
            default:
                ranges.Insert(next, (id, id));
                break;
        }
    }

    /// <summary>Whether it was added.</summary>
    public bool Contains(long id)
    {
        var (low, high) = (0, ranges.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var (first, last) = ranges[middle];
            if (id < first)
            {
                high = middle - 1;
            }
            else if (id > last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }
}
