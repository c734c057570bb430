using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Audit;

/// <summary>
/// One row of the append-only audit log: who did what, when, and how it ended. Never a message's content, a token, a phone number or
/// an e-mail address; what was asked is kept as a hash.
/// </summary>
public sealed record AuditRecord
{
    /// <summary>A word of <see cref="AuditAction"/>.</summary>
    public required string Action { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset Ts { get; init; }

    /// <summary>For which client; null when nobody could be made out.</summary>
    public ClientId? ClientId { get; init; }

    /// <summary>With which key; null for operators, the Worker and stdio.</summary>
    public ApiKeyId? ApiKeyId { get; init; }

    /// <summary>All rows that one request caused share it.</summary>
    public string? RequestId { get; init; }

    /// <summary>Which tool.</summary>
    public string? ToolName { get; init; }

    /// <summary>Which channel.</summary>
    public ChannelId? ChannelId { get; init; }

    /// <summary>The provider's id of the message; stored as its SHA-256, because some hold a phone number.</summary>
    public string? ProviderMessageId { get; init; }

    /// <summary>SHA-256 over the canonical JSON of the input, hex.</summary>
    public string? PayloadHash { get; init; }

    /// <summary>The reason word of the outcome, when it was not a success.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>How long it took, in milliseconds.</summary>
    public double? LatencyMs { get; init; }

    /// <summary>Where from.</summary>
    public string? Ip { get; init; }

    /// <summary>With what.</summary>
    public string? UserAgent { get; init; }

    /// <summary>A small JSON object of further facts.</summary>
    public string? Metadata { get; init; }
}
