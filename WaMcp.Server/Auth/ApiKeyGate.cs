using System.Diagnostics;
using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Limits;
using WaMcp.Domain.Tenancy;
using WaMcp.Server.Mcp;
using WaMcp.Server.Tools;
using WaMcp.ServiceDefaults;

namespace WaMcp.Server.Auth;

/// <summary>
/// The request path in front of the protocol layer: key, state, limit, scope, grant, in this order. It stands here because a refusal
/// decides the HTTP status, and the protocol layer has begun its answer by the time a tool runs.
/// </summary>
/// <remarks>
/// Fails closed at every step: a missing or bad key, and any error while it is checked, is HTTP 401 and <c>auth_failed</c>; then 429 and
/// <c>rate_limited</c>, 403 and <c>scope_denied</c> or <c>grant_denied</c>, each with one audit row and the JSON-RPC error of the table in
/// docs/api/errors.md. The invariant: nothing behind this runs without an authenticated <see cref="Caller"/> and its tenant; tools
/// check scope and grant once more on what they parsed themselves.
/// </remarks>
internal sealed partial class ApiKeyGate(
    RequestDelegate next,
    AuthenticateKey authenticate,
    ToolCatalog tools,
    BodiesOnTheirWay bodies,
    IOptions<McpOptions> options,
    TimeProvider clock,
    ILogger<ApiKeyGate> logger)
{
    public async Task InvokeAsync(HttpContext http, Caller caller, CallAudit audit, TenantContext tenant)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<RequireApiKey>() is null)
        {
            await next(http);
            return;
        }

        caller.Ip = http.Connection.RemoteIpAddress?.ToString();
        caller.UserAgent = http.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null;
        if (await RecogniseAsync(http, audit) is not { } recognised)
        {
            return;
        }

        // Only somebody with a key makes us read a body, and what it asks for decides which limit counts it.
        var started = clock.GetTimestamp();
        var isPost = HttpMethods.IsPost(http.Request.Method);
        var (body, isCrowded) = isPost ? await ReadBodyAsync(http, recognised) : ([], false);
        var call = body is null || !isPost ? McpCall.None : McpCall.Read(body);
        if (await AdmitAsync(http, recognised, spendsBudget: isPost && !isCrowded && call.SpendsBudget, audit) is not var (bearer, limit))
        {
            return;
        }

        caller.Authenticated(bearer.Key.Context, async stop => (await authenticate.ConfirmAsync(bearer, stop)).Bearer?.Key.Context);
        tenant.Set(bearer.Key.ClientId);
        Activity.Current?.SetTag("wamcp.client", caller.Client.Slug).SetTag("wamcp.request_id", caller.RequestId);
        await NoteUseAsync(bearer, audit);
        caller.Limit = limit;
        RateHeaders.Write(http.Response, limit);
        if (Refusal(call, limit, isCrowded, caller.Client) is { } fault)
        {
            var name = call.Name is { } tool && tools.Knows(tool) ? tool : call.KnownMethod;
            await audit.WriteCallAsync(name, null, call.Arguments, fault, clock.GetElapsedTime(started));
            await RpcRefusal.WriteAsync(http, call.Id, fault);
        }
        else if (body is null)
        {
            await RpcRefusal.WriteAsync(
                http, StatusCodes.Status413PayloadTooLarge, null, -32600, $"The request body is larger than {options.Value.MaxRequestBytes} bytes.", null);
        }
        else
        {
            http.Request.Body = new MemoryStream(body, writable: false);
            await next(http);
        }
    }

    private async Task<(byte[]? Body, bool IsCrowded)> ReadBodyAsync(HttpContext http, Bearer bearer)
    {
        using var place = bodies.TryEnter(
            bearer.Key.Id, Math.Min(http.Request.ContentLength ?? long.MaxValue, options.Value.MaxRequestBytes));
        if (place is null)
        {
            http.Response.Headers.RetryAfter = "1";
            return (null, true);
        }

        return (await RequestBody.ReadAsync(http, options.Value.MaxRequestBytes), false);
    }

    private Task<Bearer?> RecogniseAsync(HttpContext http, CallAudit audit) => CheckAsync(http, audit, async () =>
    {
        var header = http.Request.Headers.Authorization.ToString();
        var check = header.Length == 0 ? KeyCheck.Refused("no_key")
            : KeyToken.TryParseBearer(header, out var token) ? await authenticate.RecogniseAsync(token, CancellationToken.None)
            : KeyCheck.Refused("malformed_key");
        return (check, check.Bearer);
    });

    private Task<Admission?> AdmitAsync(HttpContext http, Bearer recognised, bool spendsBudget, CallAudit audit) => CheckAsync(http, audit, async () =>
    {
        var (check, limit) = await authenticate.AdmitAsync(recognised, spendsBudget, CancellationToken.None);
        return (check, check.Bearer is { } bearer ? new Admission(bearer, limit) : null);
    });

    // Whatever goes wrong in here, nobody passes: a key that cannot be checked, or a limit that cannot be counted, is a refused request. Nor is a
    // check given up because the caller hung up: lookups would then cost him nothing and leave no row.
    private async Task<T?> CheckAsync<T>(HttpContext http, CallAudit audit, Func<Task<(KeyCheck Check, T? Passed)>> run)
        where T : class
    {
        KeyCheck check;
        try
        {
            (check, var passed) = await run();
            if (passed is not null)
            {
                return passed;
            }
        }
        catch (Exception exception)
        {
            LogNotChecked(exception);
            check = KeyCheck.Refused("check_failed");
            AddressLimit.Excuse(http); // our trouble, not the caller's
        }

        await audit.WriteAuthFailedAsync(check.Reason!, check.ClientId, check.ApiKeyId);
        http.Response.Headers.WWWAuthenticate = "Bearer";
        var message = check.Reason == "check_failed"
            ? "The API key could not be checked just now. Try again in a moment."
            : "No valid API key. Send the header Authorization: Bearer wamcp_… with a key from your operator.";
        await RpcRefusal.WriteAsync(
            http, FaultCode.AuthFailed.HttpStatus, null, FaultCode.AuthFailed.JsonRpcCode, message, new() { ["reason"] = FaultCode.AuthFailed.Reason });
        return null;
    }

    // Bookkeeping: it must not stop whoever has been admitted.
    private async Task NoteUseAsync(Bearer bearer, CallAudit audit)
    {
        try
        {
            if (await authenticate.NoteUseAsync(bearer, CancellationToken.None))
            {
                await audit.WriteAsync(audit.Row(AuditAction.KeyUsed));
            }
        }
        catch (Exception exception)
        {
            LogNotNoted(exception);
        }
    }

    private Fault? Refusal(McpCall call, RateDecision limit, bool isCrowded, ClientContext client)
    {
        try
        {
            Require(limit);
            if (isCrowded)
            {
                throw new Fault(
                    FaultCode.RateLimited,
                    $"Too many requests are still being sent: at most {BodiesOnTheirWay.MostOfOneKey} of one key.",
                    "Send fewer at once, each in one go.",
                    retryAt: clock.GetUtcNow() + TimeSpan.FromSeconds(1));
            }

            if (call.Problem is { } problem)
            {
                throw new Fault(FaultCode.InvalidInput, problem, "The MCP specification says how a request is written.");
            }

            if (call.IsResourceRead)
            {
                client.RequireScope(MediaArgument.Tool); // all resources are files
            }

            if (call is { IsToolCall: true, Name: { } tool })
            {
                client.RequireScope(tool);
                tools.Require(tool);
                if (ChannelArgument.Find(call.Arguments) is { } channel)
                {
                    client.RequireGrant(channel, tool);
                }
            }

            return null;
        }
        catch (Fault fault)
        {
            return fault;
        }
    }

    private void Require(RateDecision decision)
    {
        if (!decision.Admitted)
        {
            throw new Fault(
                FaultCode.RateLimited,
                $"Over the limit of {decision.Limit} calls a minute.",
                $"Wait {decision.RetryAfter.TotalSeconds:0} seconds.",
                retryAt: clock.GetUtcNow() + decision.RetryAfter);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "An API key or its limit could not be checked; the request was refused.")]
    private partial void LogNotChecked(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The use of a key could not be noted; the request goes on.")]
    private partial void LogNotNoted(Exception exception);

    private sealed record Admission(Bearer Bearer, RateDecision Limit);
}
