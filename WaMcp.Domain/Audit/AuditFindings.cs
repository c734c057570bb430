namespace WaMcp.Domain.Audit;

/// <summary>Keeps the first finding and counts the others.</summary>
internal sealed class AuditFindings
{
    private readonly Dictionary<string, long> kinds = [];
    private (long Id, ReadOnlyMemory<byte> Written, ReadOnlyMemory<byte> Found)? firstRow;

    public AuditFinding? First { get; private set; }

    public IReadOnlyDictionary<string, long> Kinds => kinds;

    public long Count => kinds.Values.Sum();

    public void Add(string kind, string text)
    {
        First ??= new(kind, text);
        kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
    }

    /// <summary>A row whose digest is not the one it was written with. When the two digests of the first one come back crosswise, they were exchanged.</summary>
    public void AddAltered(long id, long batch, ReadOnlyMemory<byte> written, ReadOnlyMemory<byte> found)
    {
        if (First is null)
        {
            firstRow = (id, written, found);
        }
        else if (firstRow is { } first && first.Written.Span.SequenceEqual(found.Span) && first.Found.Span.SequenceEqual(written.Span))
        {
            First = new("rows_swapped", $"The rows {first.Id} and {id} have changed places.");
        }

        Add("row_altered", $"Row {id} is not what batch {batch} says was written.");
    }
}
