using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Endpoints;

/// <summary>Where a client wants to be told what happens: an address of its own that gets webhooks as https://www.standardwebhooks.com describes them.</summary>
public sealed class Endpoint : ITenantOwned
{
    /// <summary>The id, <c>end_…</c>.</summary>
    public EndpointId Id { get; init; }

    /// <inheritdoc/>
    public ClientId ClientId { get; init; }

    /// <summary>Where to post. May hold a secret of the client in its query: shown to operators only.</summary>
    public required string Url { get; init; }

    /// <summary>What it is for, for operators.</summary>
    public string? Description { get; init; }

    /// <summary>Which types of events (<see cref="EndpointEvent"/>) it wants.</summary>
    public required string[] Events { get; init; }

    /// <summary>Of which channels; none for all that the client is granted at the time of sending.</summary>
    public Guid[] ChannelIds { get; init; } = [];

    /// <summary>The secret that signs, sealed by <see cref="Data.SecretBox"/>.</summary>
    public required byte[] SecretSealed { get; set; }

    /// <summary>The secret before, which signs as well until <see cref="PreviousSecretUntil"/>.</summary>
    public byte[]? PreviousSecretSealed { get; set; }

    /// <summary>Until when the previous secret signs.</summary>
    public DateTimeOffset? PreviousSecretUntil { get; set; }

    /// <summary>When it was added.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Since when nothing is sent to it; null while it is in use.</summary>
    public DateTimeOffset? DisabledAt { get; set; }

    /// <summary>Why: <c>operator</c>, <c>gone</c> or <c>failing</c>.</summary>
    public string? DisabledReason { get; set; }

    /// <summary>Nothing before then: the receiver asked for it.</summary>
    public DateTimeOffset? HoldUntil { get; set; }

    /// <summary>The first failure since the last success; null while all is well.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    /// <summary>When it last took an event, to the minute.</summary>
    public DateTimeOffset? LastSuccessAt { get; set; }

    /// <summary>When it last did not.</summary>
    public DateTimeOffset? LastFailureAt { get; set; }

    /// <summary>The HTTP status of the last attempt that is written down; null when there was no answer.</summary>
    public int? LastStatus { get; set; }

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    public string? LastError { get; set; }

    /// <summary>What a sealed secret is bound to: it opens for this endpoint and no other.</summary>
    public static string SecretPurpose(EndpointId id) => $"endpoint {id} secret";
}
