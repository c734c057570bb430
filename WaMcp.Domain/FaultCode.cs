namespace WaMcp.Domain;

/// <summary>
/// The closed list of things that can go wrong in a way somebody outside must understand. A code carries its own place in HTTP and in
/// JSON-RPC, so that no edge needs a table. docs/api/errors.md lists them for callers.
/// </summary>
/// <param name="Reason">The machine-readable word, as callers see it.</param>
/// <param name="HttpStatus">The HTTP status where the code decides the whole answer.</param>
/// <param name="JsonRpcCode">The JSON-RPC error code for the same.</param>
public sealed record FaultCode(string Reason, int HttpStatus, int JsonRpcCode)
{
    /// <summary>The input names something wrongly or breaks a stated limit.</summary>
    public static readonly FaultCode InvalidInput = new("invalid_input", 400, -32602);

    /// <summary>What was asked for does not exist, or belongs to somebody else: callers cannot tell which.</summary>
    public static readonly FaultCode NotFound = new("not_found", 404, -32602);

    /// <summary>A call of a tool that does not exist; MCP answers it inside HTTP 200.</summary>
    public static readonly FaultCode UnknownTool = new("unknown_tool", 200, -32602);

    /// <summary>The change collides with what exists.</summary>
    public static readonly FaultCode Conflict = new("conflict", 409, -32602);

    /// <summary>No usable API key.</summary>
    public static readonly FaultCode AuthFailed = new("auth_failed", 401, -32001);

    /// <summary>The key's scopes do not contain what the call needs.</summary>
    public static readonly FaultCode ScopeDenied = new("scope_denied", 403, -32001);

    /// <summary>The client holds no grant for this tool on this channel.</summary>
    public static readonly FaultCode GrantDenied = new("grant_denied", 403, -32001);

    /// <summary>Over the per-minute limit.</summary>
    public static readonly FaultCode RateLimited = new("rate_limited", 429, -32004);

    /// <summary>Something that this system depends on is away.</summary>
    public static readonly FaultCode Unavailable = new("unavailable", 503, -32603);

    /// <summary>A free-form message to somebody who last wrote more than 24 hours ago.</summary>
    public static readonly FaultCode WindowClosed = new("window_closed", 422, -32602);

    /// <summary>The person wants no more marketing.</summary>
    public static readonly FaultCode OptedOut = new("opted_out", 422, -32602);

    /// <summary>The template is missing, not approved, or filled wrongly.</summary>
    public static readonly FaultCode TemplateRefused = new("template_refused", 422, -32602);

    /// <summary>The message can only go to a phone number.</summary>
    public static readonly FaultCode PhoneNeeded = new("phone_needed", 422, -32602);

    /// <summary>The client's files here take as much room as it has.</summary>
    public static readonly FaultCode MediaQuota = new("media_quota", 507, -32602);

    /// <summary>The daily cap of the key or of the grant is used up.</summary>
    public static readonly FaultCode DailyCap = new("daily_cap", 429, -32602);

    /// <summary>The channel sends nothing until an operator has acted.</summary>
    public static readonly FaultCode ChannelStopped = new("channel_stopped", 503, -32603);

    /// <summary>The provider said no.</summary>
    public static readonly FaultCode ProviderRefused = new("provider_refused", 502, -32603);

    /// <summary>The caller hung up before the answer; only the audit log sees it.</summary>
    public static readonly FaultCode Cancelled = new("cancelled", 499, -32603);

    /// <summary>Set up wrongly; an operator must act.</summary>
    public static readonly FaultCode Misconfigured = new("misconfigured", 500, -32603);

    /// <summary>Our own mistake; the public text says nothing of it.</summary>
    public static readonly FaultCode Internal = new("internal_error", 500, -32603);
}
