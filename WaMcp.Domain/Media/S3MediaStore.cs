using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>Media in an S3-compatible store, under the same names as on disk. Reads no credentials but the two secrets, and no profile of the machine.</summary>
public sealed class S3MediaStore : IMediaStore, IDisposable
{
    private readonly AmazonS3Client s3;
    private readonly string bucket;

    /// <summary>Opens no connection yet.</summary>
    /// <exception cref="Fault"><c>misconfigured</c>: a secret is missing.</exception>
    public S3MediaStore(IOptions<MediaOptions> options, IConfiguration secrets)
    {
        var settings = options.Value.S3;
        bucket = settings.Bucket ?? throw new InvalidOperationException("Media:S3:Bucket is not set.");
        var config = new AmazonS3Config
        {
            ForcePathStyle = settings.PathStyle,
            AuthenticationRegion = settings.Region,
            // Newer checksums than the signature's own are not everywhere.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (settings.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.ToString();
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(settings.Region);
        }

        s3 = new(new BasicAWSCredentials(Secret(secrets, "media_s3_access_key"), Secret(secrets, "media_s3_secret_key")), config);
    }

    /// <inheritdoc/>
    public string StagingFolder => Durable.MakeFolder(Path.Combine(Path.GetTempPath(), "wamcp-media"));

    /// <inheritdoc/>
    public async Task KeepAsync(ClientId client, StagedFile file, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(file.FullPath);
        var request = new PutObjectRequest
        {
            BucketName = bucket,
            Key = KeyOf(client, file.Sha256),
            InputStream = content,
            UseChunkEncoding = false, // signed as a whole: every store understands that
        };
        await s3.PutObjectAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Stream?> OpenAsync(ClientId client, string sha256, CancellationToken cancellationToken)
    {
        try
        {
            return (await s3.GetObjectAsync(bucket, KeyOf(client, sha256), cancellationToken)).ResponseStream;
        }
        catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.NotFound && exception.ErrorCode != "NoSuchBucket")
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(ClientId client, string sha256, CancellationToken cancellationToken) =>
        s3.DeleteObjectAsync(bucket, KeyOf(client, sha256), cancellationToken); // one that is not there is no error

    /// <inheritdoc/>
    public void Dispose() => s3.Dispose();

    private static string KeyOf(ClientId client, string sha256) => $"{client}/{sha256[..2]}/{sha256}";

    private static string Secret(IConfiguration secrets, string name) => secrets[name] is { Length: > 0 } value
        ? value
        : throw new Fault(FaultCode.Misconfigured, $"The secret {name} is missing: Media:S3:Bucket is set.", $"Put it into the secret file {name}.");
}
