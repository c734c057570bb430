using System.Diagnostics;
using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Limits;
using WaMcp.Domain.Tenancy;
using WaMcp.Server.Mcp;

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
    RateLimiter limiter,
    ToolCatalog tools,
    IOptions<McpOptions> options,
    TimeProvider clock,
    ILogger<ApiKeyGate> logger)
{
    // initialize, discovery and lists cost little, but not nothing.
    private const int LooseFactor = 10;
    private const int LooseMinimum = 600;

    public async Task InvokeAsync(HttpContext http, Caller caller, CallAudit audit, TenantContext tenant)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<RequireApiKey>() is null)
        {
            await next(http);
            return;
        }

        caller.Ip = http.Connection.RemoteIpAddress?.ToString();
        caller.UserAgent = http.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null;
        if (!await AuthenticateAsync(http, caller, audit))
        {
            return;
        }

        tenant.Set(caller.Client.ClientId);
        Activity.Current?.SetTag("wamcp.client", caller.Client.Slug).SetTag("wamcp.request_id", caller.RequestId);
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            await next(http);
            return;
        }

        if (await RequestBody.ReadAsync(http, options.Value.MaxRequestBytes) is not { } body)
        {
            await RpcRefusal.WriteAsync(http, StatusCodes.Status413PayloadTooLarge, null, -32600, $"The request body is larger than {options.Value.MaxRequestBytes} bytes.", null);
            return;
        }

        var call = McpCall.Read(body);
        if (await AdmitAsync(http, call, caller, audit))
        {
            http.Request.Body = new MemoryStream(body, writable: false);
            await next(http);
        }
    }

    private async Task<bool> AuthenticateAsync(HttpContext http, Caller caller, CallAudit audit)
    {
        var header = http.Request.Headers.Authorization.ToString();
        KeyCheck check;
        try
        {
            check = header.Length == 0 ? KeyCheck.Refused("no_key")
                : KeyToken.TryParseBearer(header, out var token) ? await authenticate.ExecuteAsync(token, http.RequestAborted)
                : KeyCheck.Refused("malformed_key");
            if (check.Context is { } context)
            {
                caller.Authenticated(context);
                await NoteUseAsync(check, audit, http.RequestAborted);
                return true;
            }
        }
        catch (Exception exception) when (!http.RequestAborted.IsCancellationRequested)
        {
            LogNotChecked(exception);
            check = KeyCheck.Refused("check_failed");
        }

        await audit.WriteAuthFailedAsync(check.Reason!, check.ClientId, check.ApiKeyId);
        http.Response.Headers.WWWAuthenticate = "Bearer";
        var message = check.Reason == "check_failed"
            ? "The API key could not be checked just now. Try again in a moment."
            : "No valid API key. Send the header Authorization: Bearer wamcp_… with a key from your operator.";
        await RpcRefusal.WriteAsync(
            http, FaultCode.AuthFailed.HttpStatus, null, FaultCode.AuthFailed.JsonRpcCode, message, new() { ["reason"] = FaultCode.AuthFailed.Reason });
        return false;
    }

    private async Task NoteUseAsync(KeyCheck check, CallAudit audit, CancellationToken cancellationToken)
    {
        if (check.LastUsedAt < SlidingWindow.BucketStart(clock.GetUtcNow()) && await authenticate.NoteUseAsync(check.ApiKeyId!.Value, cancellationToken))
        {
            await audit.WriteAsync(audit.Row(AuditAction.KeyUsed));
        }
    }

    private async Task<bool> AdmitAsync(HttpContext http, McpCall call, Caller caller, CallAudit audit)
    {
        var started = clock.GetTimestamp();
        var client = caller.Client;
        try
        {
            var decision = call.SpendsBudget
                ? await limiter.CountAsync(client.ApiKeyId.ToString()!, client.RpmLimit, http.RequestAborted)
                : await limiter.CountAsync($"{client.ApiKeyId}:lists", Math.Max(LooseMinimum, client.RpmLimit * LooseFactor), http.RequestAborted);
            RateHeaders.Write(http.Response, decision);
            Require(decision);
            if (call is { IsToolCall: true, Name: { } tool })
            {
                client.RequireScope(tool);
                tools.Require(tool);
                if (ChannelArgument.Find(call.Arguments) is { } channel)
                {
                    client.RequireGrant(channel, tool);
                }
            }

            return true;
        }
        catch (Fault fault)
        {
            await audit.WriteCallAsync(
                call.Name is { } name && tools.Knows(name) ? name : call.KnownMethod, null, call.Arguments, fault, clock.GetElapsedTime(started));
            await RpcRefusal.WriteAsync(http, call.Id, fault);
            return false;
        }
        catch (Exception exception) when (!http.RequestAborted.IsCancellationRequested)
        {
            // Neither Redis nor Postgres can count: the limit cannot be held, so nothing passes.
            LogNotCounted(exception);
            var fault = new Fault(FaultCode.Unavailable, "The request limit cannot be checked just now. Try again in a moment.", inner: exception);
            await RpcRefusal.WriteAsync(http, call.Id, fault);
            return false;
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

    [LoggerMessage(Level = LogLevel.Error, Message = "An API key could not be checked; the request was refused.")]
    private partial void LogNotChecked(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request limit could not be checked; the request was refused.")]
    private partial void LogNotCounted(Exception exception);
}
