using System.Diagnostics;
using ModelContextProtocol;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Tenancy;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Auth;

/// <summary>The request path of stdio, in front of every request that reaches tools or lists: the caller is the owner, if there is one.</summary>
/// <remarks>
/// Fails closed: without an owner, with a disabled one, and on any error while it is looked up, the caller gets the JSON-RPC error -32001
/// with <c>data.reason = "auth_failed"</c>, and one audit row <c>auth_failed</c> says why. The invariant: nothing behind this runs without
/// an authenticated <see cref="Caller"/> and its tenant. There is no per-minute limit without a key; scope and grant are the tool's.
/// </remarks>
/// <param name="authenticate">Finds the owner.</param>
/// <param name="caller">Filled here.</param>
/// <param name="tenant">Filled here.</param>
/// <param name="audit">For refusals.</param>
/// <param name="logger">For what cannot be checked.</param>
internal sealed partial class OwnerGate(
    AuthenticateOwner authenticate, Caller caller, TenantContext tenant, CallAudit audit, ILogger<OwnerGate> logger)
{
    private const string Transport = "stdio";

    /// <summary>Lets the owner into this scope.</summary>
    /// <param name="client">The program at the other end, by its own word.</param>
    /// <param name="cancellationToken">The caller hung up.</param>
    /// <exception cref="McpProtocolException">Nobody may call.</exception>
    public async Task EnterAsync(string? client, CancellationToken cancellationToken)
    {
        caller.Transport = Transport;
        caller.UserAgent = client;
        OwnerCheck check;
        try
        {
            check = await authenticate.ExecuteAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotChecked(exception);
            check = OwnerCheck.Refused("check_failed");
        }

        if (check.Context is not { } owner)
        {
            await audit.WriteAuthFailedAsync(check.Reason!, check.ClientId, null);
            throw RpcFault.Of(new Fault(FaultCode.AuthFailed, Sentence(check.Reason)));
        }

        caller.Authenticated(owner, async stop => (await authenticate.ExecuteAsync(stop)).Context);
        tenant.Set(owner.ClientId);
        Activity.Current?.SetTag("wamcp.client", owner.Slug).SetTag("wamcp.request_id", caller.RequestId);
    }

    /// <summary>What a person at this machine can do about it; who sits there is the operator.</summary>
    public static string Sentence(string? reason) => reason switch
    {
        OwnerCheck.NoOwner => "There is no owner to act as. Make one: admin clients create --name NAME --display-name \"...\" --owner",
        OwnerCheck.Disabled => "The owner is disabled. Enable it: admin clients enable NAME (admin clients list shows the name)",
        _ => "The owner cannot be looked up just now. Try again in a moment.",
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "The owner could not be looked up; the request was refused.")]
    private partial void LogNotChecked(Exception exception);
}
