namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>Settings of the WhatsApp Cloud API (section <c>WhatsApp</c>).</summary>
public sealed class WhatsAppOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "WhatsApp";

    /// <summary>Where the Graph API is.</summary>
    public Uri GraphUrl { get; set; } = new("https://graph.facebook.com");

    /// <summary>Its version (https://developers.facebook.com/docs/graph-api/changelog/versions).</summary>
    public string GraphVersion { get; set; } = "v25.0";

    /// <summary>How long we wait for an answer before the outcome counts as unknown.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long handing a file over may take.</summary>
    public TimeSpan UploadTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long fetching a file that somebody sent may take, from asking for its address to its last byte.</summary>
    public TimeSpan DownloadTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Where such files lie besides <see cref="GraphUrl"/>: these hosts and those below them get the access token, over https only. Without any, Meta's own.
    /// </summary>
    public IList<string> MediaHosts { get; } = [];

    /// <summary>How long a caller waits who asks for something that is no message: marking read, the list of templates.</summary>
    public TimeSpan AskTimeout { get; set; } = TimeSpan.FromSeconds(8);
}
