namespace WaMcp.Sandbox.Control;

/// <summary><c>POST /control/whatsapp/faults</c>: what shall go wrong, for which requests, how often.</summary>
public sealed record FaultOrder
{
    public FaultMatch? Match { get; init; }

    /// <summary>error, hang, drop_before, drop_after, garbage or retry_after.</summary>
    public string Mode { get; init; } = "error";

    /// <summary>Meta's error code, for error (131000) and retry_after (130429).</summary>
    public int? Code { get; init; }

    /// <summary>The HTTP status; by default the code's own, 429 for retry_after and 200 for garbage.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>How many matching requests fail; 0 is all until the fault is removed.</summary>
    public int Count { get; init; } = 1;

    /// <summary>
    /// Wait this long first. For hang it is how long the request hangs before the connection is cut (without it: until the caller
    /// gives up); for retry_after it is the number in Retry-After, in whole seconds.
    /// </summary>
    public double? DelayMs { get; init; }

    /// <summary>The details of the error, when the code's own shall not be used.</summary>
    public string? Details { get; init; }
}
