using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>A file that a client keeps here to send it; the same content under the same type is one object.</summary>
public sealed class MediaObject : ITenantOwned
{
    /// <summary>The id, <c>med_…</c>.</summary>
    public MediaObjectId Id { get; init; }

    /// <inheritdoc/>
    public ClientId ClientId { get; init; }

    /// <summary>What it is, in lower-case hex: where the media store has it.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Its type, judged by its content.</summary>
    public required string MimeType { get; init; }

    /// <summary>How many bytes.</summary>
    public long Size { get; init; }

    /// <summary>What it was called when it came first.</summary>
    public string? FileName { get; init; }

    /// <summary>When it came first.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last accepted for sending; how long it is kept counts from then.</summary>
    public DateTimeOffset AcceptedAt { get; set; }

    /// <summary>When it was given up: nothing can be sent with it any more, and its content may be gone.</summary>
    public DateTimeOffset? DeletedAt { get; set; }
}
