using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>A provider's copy of a media object: messages over that channel name it instead of the file.</summary>
public sealed class MediaUpload : ITenantOwned
{
    /// <summary>The id.</summary>
    public MediaUploadId Id { get; init; }

    /// <inheritdoc/>
    public ClientId ClientId { get; init; }

    /// <summary>Of what.</summary>
    public MediaObjectId MediaId { get; init; }

    /// <summary>For which channel; another one cannot use it.</summary>
    public ChannelId ChannelId { get; init; }

    /// <summary>The provider's id of it.</summary>
    public required string ProviderMediaId { get; init; }

    /// <summary>When it was uploaded.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until when the provider keeps it.</summary>
    public DateTimeOffset ExpiresAt { get; init; }
}
