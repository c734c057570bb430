namespace WaMcp.Domain.Media;

/// <summary>Settings of media (section <c>Media</c>).</summary>
public sealed class MediaOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Media";

    /// <summary>Where files are kept, unless <see cref="S3"/> says otherwise. Server and Worker, and all replicas of them, must share it.</summary>
    public string Folder { get; set; } = "/var/lib/whatsapp-mcp/media";

    /// <summary>The largest file that a call may carry itself, as base64.</summary>
    public int MaxInlineBytes { get; set; } = 5 * 1024 * 1024;

    /// <summary>The largest file that is given whole in an answer, as a resource.</summary>
    public int MaxResourceBytes { get; set; } = 5 * 1024 * 1024;

    /// <summary>How long fetching a file from an address may take, from its first look-up to its last byte.</summary>
    public TimeSpan FetchTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many bytes a client may keep here at once.</summary>
    public long MaxBytesPerClient { get; set; } = 5L * 1024 * 1024 * 1024;

    /// <summary>How many files a process fetches at once.</summary>
    public int MaxFetches { get; set; } = 16;

    /// <summary>How many of them for one client.</summary>
    public int MaxFetchesPerClient { get; set; } = 4;

    /// <summary>On which ports files are fetched. Each one more lets callers talk to more kinds of servers.</summary>
    public IList<int> FetchPorts { get; } = [];

    /// <summary>An S3-compatible store instead of the folder.</summary>
    public S3Options S3 { get; } = new();
}
