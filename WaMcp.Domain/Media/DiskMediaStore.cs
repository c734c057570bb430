using Microsoft.Extensions.Options;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>Media in a folder: <c>client/first two digits/sha256</c>. Files and folders are their owner's alone.</summary>
/// <param name="options">Where it is.</param>
public sealed class DiskMediaStore(IOptions<MediaOptions> options) : IMediaStore
{
    /// <inheritdoc/>
    public string StagingFolder => Durable.MakeFolder(Path.Combine(options.Value.Folder, ".incoming")); // a rename must not cross file systems

    /// <inheritdoc/>
    public Task KeepAsync(ClientId client, StagedFile file, CancellationToken cancellationToken)
    {
        var path = PathOf(client, file.Sha256);
        var folder = Path.GetDirectoryName(path)!;
        var isNew = !Directory.Exists(folder);
        Durable.MakeFolder(folder);
        File.Move(file.FullPath, path, overwrite: true);
        Durable.FlushFolder(folder);
        if (isNew)
        {
            Durable.FlushFolder(Path.GetDirectoryName(folder)!);
            Durable.FlushFolder(options.Value.Folder);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenAsync(ClientId client, string sha256, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<Stream?>(new FileStream(
                PathOf(client, sha256), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 64 * 1024, useAsync: true));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(ClientId client, string sha256, CancellationToken cancellationToken)
    {
        var path = PathOf(client, sha256);
        if (File.Exists(path))
        {
            File.Delete(path);
            Durable.FlushFolder(Path.GetDirectoryName(path)!);
        }

        return Task.CompletedTask;
    }

    private string PathOf(ClientId client, string sha256) => Path.Combine(options.Value.Folder, client.ToString(), sha256[..2], sha256);
}
