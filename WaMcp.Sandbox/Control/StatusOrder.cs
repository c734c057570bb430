namespace WaMcp.Sandbox.Control;

/// <summary><c>POST /control/whatsapp/statuses</c>: one status webhook by hand.</summary>
public sealed record StatusOrder
{
    public string Wamid { get; init; } = "";

    /// <summary>sent, delivered, read, played or failed.</summary>
    public string Status { get; init; } = "";

    /// <summary>For failed: the first one is told; 131000 by default.</summary>
    public IReadOnlyList<StatusOrderError>? Errors { get; init; }
}

/// <summary>An error of a failed status.</summary>
public sealed record StatusOrderError(int Code, string? Details = null);
