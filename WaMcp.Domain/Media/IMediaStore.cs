using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>The content of media objects, by client and hash. It knows no rows: <see cref="KeepMedia"/> and <see cref="DeleteMedia"/> keep both together.</summary>
public interface IMediaStore
{
    /// <summary>Where files are written before they are kept.</summary>
    string StagingFolder { get; }

    /// <summary>Keeps a staged file; durable when it returns. The same content again changes nothing.</summary>
    Task KeepAsync(ClientId client, StagedFile file, CancellationToken cancellationToken);

    /// <summary>Opens a content; null when it is not there.</summary>
    Task<Stream?> OpenAsync(ClientId client, string sha256, CancellationToken cancellationToken);

    /// <summary>Deletes a content, if it is there.</summary>
    Task DeleteAsync(ClientId client, string sha256, CancellationToken cancellationToken);
}
