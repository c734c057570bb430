namespace WaMcp.Domain.Channels;

/// <summary>A place messages go through; for WhatsApp, one phone number.</summary>
public sealed class Channel
{
    /// <summary>The id, <c>chn_…</c>.</summary>
    public ChannelId Id { get; init; }

    /// <summary>Which provider.</summary>
    public ChannelKind Kind { get; init; }

    /// <summary>Kebab-case name; unique.</summary>
    public required string Name { get; init; }

    /// <summary>Whose app.</summary>
    public ChannelProfile Profile { get; init; }

    /// <summary>The provider's id for it, unique per kind: for WhatsApp the phone number id.</summary>
    public required string ProviderId { get; init; }

    /// <summary>The provider's account around it: for WhatsApp the WhatsApp Business Account (WABA) id.</summary>
    public string? AccountId { get; init; }

    /// <summary>What people see: for WhatsApp the display phone number.</summary>
    public required string Address { get; init; }

    /// <summary>The access token of a BYOA channel, sealed by <see cref="Data.SecretBox"/>; null on the platform profile.</summary>
    public byte[]? AccessTokenSealed { get; set; }

    /// <summary>The app secret that signs a BYOA channel's webhooks, sealed; null on the platform profile.</summary>
    public byte[]? AppSecretSealed { get; set; }

    /// <summary>The app secret before the present one, sealed; deliveries signed with it are accepted too.</summary>
    public byte[]? AppSecretPreviousSealed { get; set; }

    /// <summary>When the present app secret took its place.</summary>
    public DateTimeOffset? AppSecretRotatedAt { get; set; }

    /// <summary>Keyed digests of the app secrets before the present one, all there ever were.</summary>
    public byte[][] AppSecretsBefore { get; set; } = [];

    /// <summary>How many messages it may send in a second.</summary>
    public int MessagesPerSecond { get; set; } = 80;

    /// <summary>When it was stopped: until an operator resumes it, nothing is sent.</summary>
    public DateTimeOffset? StoppedAt { get; set; }

    /// <summary>Why it was stopped: the reason word, with the provider's code.</summary>
    public string? StoppedReason { get; set; }

    /// <summary>When an operator last let it send again.</summary>
    public DateTimeOffset? ResumedAt { get; set; }

    /// <summary>When it was added.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
