using WaMcp.Domain.Media;

namespace WaMcp.Domain.Channels;

/// <summary>How fetching a file from the provider ended. There is no doubt here: it is asked for again at will.</summary>
public abstract record DownloadOutcome
{
    private DownloadOutcome()
    {
    }

    /// <summary>It is on the disk, and is what was announced.</summary>
    /// <param name="File">The file; the caller's to dispose of.</param>
    /// <param name="MimeType">What the provider says it is.</param>
    public sealed record Here(StagedFile File, string? MimeType) : DownloadOutcome;

    /// <summary>It will not come.</summary>
    /// <param name="Trouble">A word of <see cref="FileTrouble"/>.</param>
    public sealed record Failed(string Trouble) : DownloadOutcome;

    /// <summary>It may come later.</summary>
    /// <param name="Trouble">A word of <see cref="FileTrouble"/>.</param>
    /// <param name="RetryAfter">How long the provider asked us to wait.</param>
    public sealed record Later(string Trouble, TimeSpan? RetryAfter = null) : DownloadOutcome;
}
