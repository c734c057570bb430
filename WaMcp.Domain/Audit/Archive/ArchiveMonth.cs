using System.Security.Cryptography;
using System.Text.Json;

namespace WaMcp.Domain.Audit.Archive;

/// <summary>The rows of one month: <c>2025-11.jsonl.zst</c>, Zstandard frames one behind the other, and <c>2025-11.manifest.json</c>.</summary>
public sealed class ArchiveMonth
{
    // More than a frame's first block can be.
    private const int TailToLookAt = 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly string data;
    private readonly string manifest;
    private readonly Zstd zstd;

    private ArchiveMonth(string folder, string month, Zstd zstd)
    {
        (data, manifest) = (Path.Combine(folder, $"{month}.jsonl.zst"), ManifestOf(folder, month));
        this.zstd = zstd;
        Manifest = ReadManifest(month);
    }

    /// <summary>What the month's file holds.</summary>
    public ArchiveManifest Manifest { get; private set; }

    internal static string ManifestOf(string folder, string month) => Path.Combine(folder, $"{month}.manifest.json");

    internal static ArchiveMonth Open(string folder, string month, Zstd zstd) => new(folder, month, zstd);

    /// <summary>Reads a part.</summary>
    /// <exception cref="Fault"><c>conflict</c>: it is not as the manifest says.</exception>
    public async Task<List<string>> ReadAsync(ArchivePart part, CancellationToken cancellationToken)
    {
        var lines = await zstd.DecompressAsync(await FrameAsync(part, cancellationToken), cancellationToken);
        return lines.Count == part.Rows ? lines : throw Damaged();
    }

    /// <summary>Checks that every part is as the manifest says.</summary>
    /// <exception cref="Fault"><c>conflict</c>: one is not.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var part in Manifest.Parts)
        {
            await FrameAsync(part, cancellationToken);
        }
    }

    /// <summary>
    /// The first row of what stands behind the parts that the manifest names. A run that was killed leaves there what is still in the database; if it
    /// is not, the manifest is older than the file, and nothing may be written over it.
    /// </summary>
    public async Task<AuditRow?> FirstLeftOverAsync(CancellationToken cancellationToken)
    {
        var from = Manifest.Length;
        if (!File.Exists(data) || new FileInfo(data).Length <= from)
        {
            return null;
        }

        var tail = await BytesAsync(from, Math.Min(new FileInfo(data).Length - from, TailToLookAt), cancellationToken);
        return await zstd.FirstLineAsync(tail, cancellationToken) is { } line ? ArchiveLine.Read(line) : null;
    }

    /// <summary>The manifest does not name what the file holds.</summary>
    public Fault Forgotten() => new(FaultCode.Conflict, $"{data} holds rows that its manifest does not name and the database does not have.", Restore);

    /// <summary>
    /// Writes a part behind the others, down to the disk, and reads it back. It does not count before <see cref="CommitAsync"/>; whatever an
    /// earlier run left there is overwritten.
    /// </summary>
    /// <exception cref="Fault"><c>conflict</c>: what is read back is not what was written.</exception>
    public async Task<ArchivePart> AppendAsync(
        IReadOnlyList<string> lines, DateTimeOffset now, string head, CancellationToken cancellationToken)
    {
        var offset = Manifest.Length;
        await using (var file = Durable.Open(data, FileMode.OpenOrCreate))
        {
            file.SetLength(offset);
            file.Seek(offset, SeekOrigin.Begin);
            await zstd.CompressAsync(lines, file, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        var frame = await BytesAsync(offset, new FileInfo(data).Length - offset, cancellationToken);
        var readBack = await zstd.DecompressAsync(frame, cancellationToken);
        return readBack.SequenceEqual(lines)
            ? new(
                offset, frame.Length, Convert.ToHexStringLower(SHA256.HashData(frame)), lines.Count,
                ArchiveLine.Read(lines[0]).Id, ArchiveLine.Read(lines[^1]).Id, now, head)
            : throw Damaged();
    }

    /// <summary>From here on the part is archived: its rows may be deleted.</summary>
    public async Task CommitAsync(ArchivePart part, CancellationToken cancellationToken)
    {
        var next = Manifest with { Parts = [.. Manifest.Parts, part] };
        await Durable.ReplaceAsync(manifest, JsonSerializer.SerializeToUtf8Bytes(next, Json), cancellationToken);
        Manifest = next;
    }

    private ArchiveManifest ReadManifest(string month)
    {
        try
        {
            using var file = File.OpenRead(manifest);
            var read = JsonSerializer.Deserialize<ArchiveManifest>(file, Json);
            return read is { Version: ArchiveManifest.CurrentVersion, Parts: not null } && read.Month == month ? read : throw new JsonException();
        }
        catch (FileNotFoundException)
        {
            return new(ArchiveManifest.CurrentVersion, month, []);
        }
        catch (DirectoryNotFoundException)
        {
            return new(ArchiveManifest.CurrentVersion, month, []);
        }
        catch (JsonException exception)
        {
            throw new Fault(FaultCode.Conflict, $"{manifest} is no manifest of {month} that this version can read.", Restore, inner: exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new Fault(FaultCode.Misconfigured, $"{manifest} may not be read.", "Do it as the user that the Worker runs as.", inner: exception);
        }
    }

    private async Task<byte[]> FrameAsync(ArchivePart part, CancellationToken cancellationToken)
    {
        var frame = await BytesAsync(part.Offset, part.Length, cancellationToken);
        return Convert.ToHexStringLower(SHA256.HashData(frame)) == part.Sha256 ? frame : throw Damaged();
    }

    private async Task<byte[]> BytesAsync(long offset, long length, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(data, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Seek(offset, SeekOrigin.Begin);
            var bytes = new byte[length];
            await file.ReadExactlyAsync(bytes, cancellationToken);
            return bytes;
        }
        catch (Exception exception) when (exception is EndOfStreamException or FileNotFoundException)
        {
            throw Damaged(exception);
        }
    }

    private Fault Damaged(Exception? cause = null) => new(FaultCode.Conflict, $"{data} is not as its manifest says.", Restore, inner: cause);

    private const string Restore = "Put back both files of that month from a backup. Until then nothing is deleted.";
}
