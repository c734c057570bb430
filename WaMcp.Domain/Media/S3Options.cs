namespace WaMcp.Domain.Media;

/// <summary>Where an S3-compatible store is. Its keys are the secrets <c>media_s3_access_key</c> and <c>media_s3_secret_key</c>.</summary>
public sealed class S3Options
{
    /// <summary>The store's address; null for Amazon's own in the region.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The bucket; without one the folder is used.</summary>
    public string? Bucket { get; set; }

    /// <summary>The region that signatures name.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>Whether the bucket stands in the path rather than in the host name, as most stores but Amazon's want it.</summary>
    public bool PathStyle { get; set; } = true;
}
