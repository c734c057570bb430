using System.Security.Cryptography;

namespace WaMcp.Domain.Media;

/// <summary>A file that is here and not kept yet. Unless somebody keeps it, it goes when this is disposed of.</summary>
public sealed class StagedFile : IAsyncDisposable
{
    private const int BufferBytes = 64 * 1024;

    private StagedFile(string path, string sha256, long size, byte[] head) => (FullPath, Sha256, Size, Head) = (path, sha256, size, head);

    /// <summary>Where it is.</summary>
    public string FullPath { get; }

    /// <summary>Its hash in lower-case hex.</summary>
    public string Sha256 { get; }

    /// <summary>How many bytes.</summary>
    public long Size { get; }

    /// <summary>Its first bytes, by which its type is judged.</summary>
    internal byte[] Head { get; }

    /// <summary>Writes a stream down to the disk, never more of it than allowed, and never more than a buffer of it in memory.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="content">What.</param>
    /// <param name="maxBytes">The most bytes.</param>
    /// <param name="cancellationToken">Stops, and leaves nothing behind.</param>
    /// <param name="owner">What it is for, if that is tried again after a crash: what an earlier attempt left behind goes first.</param>
    /// <returns>The file; null, and nothing left behind, when there are more bytes than <paramref name="maxBytes"/>.</returns>
    /// <exception cref="InvalidDataException">The stream broke off.</exception>
    /// <exception cref="Fault"><c>unavailable</c>: the disk does not take it.</exception>
    public static async Task<StagedFile?> WriteAsync(string folder, Stream content, long maxBytes, CancellationToken cancellationToken, string? owner = null)
    {
        // Never the same name twice: an earlier attempt may still be running somewhere, and must not write into this one.
        var path = Path.Combine(folder, $"{owner}{(owner is null ? "" : "-")}{Guid.NewGuid():N}");
        try
        {
            Durable.MakeFolder(folder);
            foreach (var left in owner is null ? [] : Directory.EnumerateFiles(folder, $"{owner}-*"))
            {
                File.Delete(left);
            }

            if (await CopyAsync(path, content, maxBytes, cancellationToken) is { } written)
            {
                return new StagedFile(path, written.Sha256, written.Size, written.Head);
            }
        }
        catch (Exception exception)
        {
            if (File.Exists(path)) // or else its folder may not be there either, which is another error
            {
                File.Delete(path);
            }

            if (exception is IOException)
            {
                throw new Fault(FaultCode.Unavailable, "Files cannot be stored here just now.", "Try again later; if it stays, tell the operator the time.", inner: exception);
            }

            throw;
        }

        File.Delete(path);
        return null;
    }

    /// <summary>Deletes what programs left behind that were killed while they wrote.</summary>
    public static void DeleteLeftovers(string folder, DateTimeOffset before)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var path in Directory.EnumerateFiles(folder).Where(path => File.GetLastWriteTimeUtc(path) < before))
        {
            try
            {
                File.Delete(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Somebody else's, or in use: it must not keep the others here.
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        File.Delete(FullPath);
        return ValueTask.CompletedTask;
    }

    private static async Task<(string Sha256, long Size, byte[] Head)?> CopyAsync(
        string path, Stream content, long maxBytes, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = Durable.Open(path, FileMode.CreateNew);
        var (buffer, head, size) = (new byte[BufferBytes], new MemoryStream(), 0L);
        int read;
        while ((read = await ReadAsync(content, buffer, cancellationToken)) > 0)
        {
            size += read;
            if (size > maxBytes)
            {
                return null;
            }

            head.Write(buffer, 0, (int)Math.Min(read, MediaType.HeadBytes - head.Length));
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        file.Flush(flushToDisk: true);
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), size, head.ToArray());
    }

    // A source that breaks off must not look like a disk that is full.
    private static async ValueTask<int> ReadAsync(Stream content, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await content.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException exception)
        {
            throw new InvalidDataException("The content broke off.", exception);
        }
    }
}
