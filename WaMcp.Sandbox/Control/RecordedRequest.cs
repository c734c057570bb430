using System.Text.Json;

namespace WaMcp.Sandbox.Control;

/// <summary>One Graph request, out of <c>GET /control/requests</c>.</summary>
public sealed record RecordedRequest
{
    public required long Sequence { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Method { get; init; }

    /// <summary>Path and query, without secrets.</summary>
    public required string Path { get; init; }

    /// <summary>Null while the request is unanswered, and when the connection was cut instead.</summary>
    public int? Status { get; init; }

    /// <summary>The JSON body as it came, without secrets; a description for an upload; text for what is no JSON.</summary>
    public JsonElement? Body { get; init; }

    /// <summary>The message it created, even when the answer was lost.</summary>
    public string? Wamid { get; init; }

    public string? PhoneNumberId { get; init; }

    /// <summary>The mode of the fault it met.</summary>
    public string? Fault { get; init; }
}
