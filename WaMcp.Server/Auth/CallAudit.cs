using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Domain;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;

namespace WaMcp.Server.Auth;

/// <summary>Writes the audit rows of requests: one per tool call, named by its outcome.</summary>
/// <param name="log">The process's queue.</param>
/// <param name="caller">Who.</param>
/// <param name="clock">When.</param>
internal sealed class CallAudit(AuditLog log, Caller caller, TimeProvider clock)
{
    /// <summary>A row about the present request.</summary>
    public AuditRecord Row(string action) => new()
    {
        Action = action,
        Ts = clock.GetUtcNow(),
        ClientId = caller.IsAuthenticated ? caller.Client.ClientId : null,
        ApiKeyId = caller.IsAuthenticated ? caller.Client.ApiKeyId : null,
        RequestId = caller.RequestId,
        Ip = caller.Ip,
        UserAgent = caller.UserAgent,
        Metadata = Metadata(),
    };

    public ValueTask WriteAsync(AuditRecord record) => log.WriteAsync(record);

    /// <summary>The one row of a tool call.</summary>
    /// <param name="tool">Its name; unknown names are kept out, they may be anything.</param>
    /// <param name="channel">The channel it named, once that was found.</param>
    /// <param name="arguments">Its input, kept as a hash.</param>
    /// <param name="fault">How it failed; null when it did not.</param>
    /// <param name="elapsed">How long it took.</param>
    /// <param name="subject">What it was about: an id.</param>
    public ValueTask WriteCallAsync(
        string tool, ChannelId? channel, JsonElement arguments, Fault? fault, TimeSpan elapsed, (string Name, string Value)? subject = null)
    {
        var action = fault?.Code.Reason switch
        {
            AuditAction.ScopeDenied => AuditAction.ScopeDenied,
            AuditAction.GrantDenied => AuditAction.GrantDenied,
            AuditAction.RateLimited => AuditAction.RateLimited,
            _ => AuditAction.ToolCalled,
        };
        return log.WriteAsync(Row(action) with
        {
            ToolName = tool,
            ChannelId = channel,
            PayloadHash = PayloadHash.Of(arguments),
            ErrorCode = fault?.Code.Reason,
            LatencyMs = elapsed.TotalMilliseconds,
            Metadata = subject is { } fact ? Metadata(fact) : Metadata(),
        });
    }

    /// <summary>The row of a request by nobody who may call.</summary>
    public ValueTask WriteAuthFailedAsync(string reason, Domain.Tenancy.ClientId? client, Domain.Access.ApiKeyId? key) =>
        log.WriteAsync(Row(AuditAction.AuthFailed) with
        {
            ClientId = client,
            ApiKeyId = key,
            ErrorCode = AuditAction.AuthFailed,
            Metadata = Metadata(("reason", reason)),
        });

    private string? Metadata(params ReadOnlySpan<(string Name, string Value)> facts)
    {
        if (caller.Transport is null && facts.IsEmpty)
        {
            return null;
        }

        var metadata = new JsonObject();
        if (caller.Transport is { } transport)
        {
            metadata["transport"] = transport;
        }

        foreach (var (name, value) in facts)
        {
            metadata[name] = value;
        }

        return metadata.ToJsonString();
    }
}
