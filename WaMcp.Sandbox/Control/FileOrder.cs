namespace WaMcp.Sandbox.Control;

/// <summary>A file that a customer sends, and what is wrong with it. What is left out is as it should be.</summary>
public sealed record FileOrder
{
    /// <summary>The content, as base64.</summary>
    public string? Data { get; init; }

    /// <summary>The content is filled up with zeros to so many bytes.</summary>
    public int? Bytes { get; init; }

    /// <summary>What it is said to be.</summary>
    public string? MimeType { get; init; }

    /// <summary>What it is called.</summary>
    public string? FileName { get; init; }

    /// <summary>The hash that the webhook tells, base64.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The size that <c>GET /{media id}</c> tells.</summary>
    public long? ToldBytes { get; init; }

    /// <summary>The address that <c>GET /{media id}</c> tells.</summary>
    public string? Url { get; init; }

    /// <summary>So many bytes a second come out of its address.</summary>
    public int? BytesPerSecond { get; init; }
}
