using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>A file that a client sends or was sent; the same content under the same type is one object.</summary>
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

    /// <summary>What the client called it; what somebody else calls it stands in their message.</summary>
    public string? FileName { get; init; }

    /// <summary>Whether the client itself gave it here. What it did not is seen over the channels on which it came.</summary>
    public bool Uploaded { get; set; }

    /// <summary>When it came first.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last accepted for sending, or came; how long it is kept counts from then.</summary>
    public DateTimeOffset AcceptedAt { get; set; }

    /// <summary>When it was given up: nothing can be sent with it any more, and its content may be gone.</summary>
    public DateTimeOffset? DeletedAt { get; set; }
}
