using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>Which message an order became, so that the same order coming again is the same message; kept for 48 hours at least.</summary>
public sealed class IdempotencyKey : ITenantOwned
{
    /// <summary>How long it is kept.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(48);

    /// <summary>Its own id.</summary>
    public Guid Id { get; init; }

    /// <inheritdoc/>
    public ClientId ClientId { get; init; }

    /// <summary>The caller's word; unique for the client.</summary>
    public required string Key { get; init; }

    /// <summary>SHA-256 over the canonical JSON of the tool's name and input.</summary>
    public required string InputHash { get; init; }

    /// <summary>The message.</summary>
    public MessageId MessageId { get; init; }

    /// <summary>When the order came first.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
