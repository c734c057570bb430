using System.Text.Json;

namespace WaMcp.Sandbox.Control;

/// <summary>One webhook POST with all its attempts, out of <c>GET /control/whatsapp/webhooks</c>.</summary>
public sealed record RecordedWebhook
{
    public required long Id { get; init; }

    public required string Url { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>waiting, accepted or dropped.</summary>
    public required string State { get; init; }

    public required int Attempts { get; init; }

    /// <summary>The HTTP status of the last attempt; null when there was none.</summary>
    public int? LastStatus { get; init; }

    public string? LastError { get; init; }

    public DateTimeOffset? NextAttemptAt { get; init; }

    public DateTimeOffset? AcceptedAt { get; init; }

    /// <summary>The delivery this is a duplicate of.</summary>
    public long? CopyOf { get; init; }

    public required JsonElement Body { get; init; }
}
