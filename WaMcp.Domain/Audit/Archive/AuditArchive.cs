using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;

namespace WaMcp.Domain.Audit.Archive;

/// <summary>The folder that old audit rows are moved to, a pair of files for each month. docs/architecture/audit.md tells how to read it by hand.</summary>
/// <param name="options">Where it is.</param>
public sealed class AuditArchive(IOptions<ArchiveOptions> options)
{
    private readonly Zstd zstd = new(options.Value.Zstd);

    /// <summary>Where it is.</summary>
    public string Folder => options.Value.Folder;

    /// <summary>Makes the folder if need be, and keeps everybody else from writing in it until the result is disposed of.</summary>
    /// <exception cref="IOException">Nothing can be written there, or somebody else does.</exception>
    public IDisposable LockForWriting()
    {
        Directory.CreateDirectory(Folder);
        var path = Path.Combine(Folder, ".lock");
        Durable.Open(path, FileMode.OpenOrCreate).Dispose();
        return new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }

    /// <summary>One month, also one that is not there yet.</summary>
    /// <exception cref="Fault"><c>conflict</c>: its manifest cannot be read.</exception>
    public ArchiveMonth Month(string month) => ArchiveMonth.Open(Folder, month, zstd);

    /// <summary>The months that are there, the oldest first.</summary>
    public IReadOnlyList<ArchiveMonth> Months() => Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder, Path.GetFileName(ArchiveMonth.ManifestOf(Folder, "*")))
            .Select(path => Path.GetFileName(path)[..^Path.GetFileName(ArchiveMonth.ManifestOf(Folder, "")).Length])
            .Order(StringComparer.Ordinal).Select(Month)]
        : [];

    /// <summary>The head that each month's manifest names last: what an archive proves of the chain.</summary>
    public IReadOnlyList<AuditHead> Heads() =>
        [.. Months().SelectMany(month => month.Manifest.Parts.TakeLast(1))
            .Select(part => AuditHead.TryParse(part.Head, out var head) ? head
                : throw new Fault(FaultCode.Conflict, $"A manifest in {Folder} names '{part.Head}' as the chain's head, which is none.", "Put it back from a backup."))];

    /// <summary>
    /// The rows of the archive from an id on, in the order of ids; also some from before it. Parts overlap: at any time the rows of those that
    /// do are in memory.
    /// </summary>
    /// <exception cref="Fault"><c>conflict</c>: a file is not as its manifest says.</exception>
    public async IAsyncEnumerable<AuditRow> RowsAsync(long fromId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var waiting = new Queue<(ArchiveMonth Month, ArchivePart Part)>(
            Months().SelectMany(month => month.Manifest.Parts.Where(part => part.LastId >= fromId).Select(part => (month, part)))
                .OrderBy(each => each.part.FirstId));
        var open = new PriorityQueue<Queue<AuditRow>, long>();
        while (waiting.Count > 0 || open.Count > 0)
        {
            while (waiting.TryPeek(out var next) && (!open.TryPeek(out _, out var least) || next.Part.FirstId <= least))
            {
                waiting.Dequeue();
                var lines = await next.Month.ReadAsync(next.Part, cancellationToken);
                open.Enqueue(new(lines.Select(ArchiveLine.Read)), next.Part.FirstId);
            }

            var rows = open.Dequeue();
            yield return rows.Dequeue();
            if (rows.TryPeek(out var following))
            {
                open.Enqueue(rows, following.Id);
            }
        }
    }
}
