namespace WaMcp.Domain.Channels;

/// <summary>Something that the provider told about a channel and that concerns its operator: templates, quality, limits, the account.</summary>
public sealed class ChannelFact
{
    /// <summary>Its id.</summary>
    public Guid Id { get; init; }

    /// <summary>About which channel.</summary>
    public ChannelId ChannelId { get; init; }

    /// <summary>The provider's word for what it is about.</summary>
    public required string Kind { get; init; }

    /// <summary>What the provider said, JSON; nothing about persons.</summary>
    public required string Payload { get; init; }

    /// <summary>The same for the same fact told twice.</summary>
    public required string Digest { get; init; }

    /// <summary>When the provider says it happened, or told it.</summary>
    public DateTimeOffset ToldAt { get; init; }

    /// <summary>When it was noted.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
