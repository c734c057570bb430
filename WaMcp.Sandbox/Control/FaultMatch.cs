namespace WaMcp.Sandbox.Control;

/// <summary>Which Graph requests a fault is for; what is left out matches everything.</summary>
public sealed record FaultMatch
{
    public string? PhoneNumberId { get; init; }

    /// <summary>The recipient, by phone number (with or without +) or user id.</summary>
    public string? To { get; init; }

    /// <summary>A part of the path. Without it the fault is for sends only: <c>/messages</c>.</summary>
    public string? Path { get; init; }

    public string? Method { get; init; }
}
