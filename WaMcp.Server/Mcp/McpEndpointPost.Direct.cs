using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace WaMcp.Server.Mcp;

/// <summary>
/// Answers one POST with an MCP server of its own, as MapMcp of ModelContextProtocol.AspNetCore does in stateless mode; that package is
/// not on every feed (ADR 0002). The tests of both halves are the same.
/// </summary>
internal sealed class McpEndpointPost(IOptionsFactory<McpServerOptions> optionsFactory, ILoggerFactory loggerFactory)
{
    private static readonly McpRefusal NotAccepting = new(StatusCodes.Status406NotAcceptable, McpEndpoint.TransportError,
        "The Accept header must list both application/json and text/event-stream: the server chooses.");

    private static readonly McpRefusal NotJsonRpc = new(StatusCodes.Status400BadRequest, (int)McpErrorCode.InvalidRequest,
        McpEndpoint.NotJsonRpc);

    // A name that comes twice would be one thing to us and another to whoever else reads the message.
    private static readonly JsonTypeInfo<JsonRpcMessage> MessageJson = (JsonTypeInfo<JsonRpcMessage>)new JsonSerializerOptions(
        McpJsonUtilities.DefaultOptions)
    { AllowDuplicateProperties = false }.GetTypeInfo(typeof(JsonRpcMessage));

    private readonly Lazy<McpServerOptions> serverOptions = new(() =>
    {
        var options = optionsFactory.Create(Options.DefaultName);
        // The HTTP request is the scope already.
        options.ScopeRequests = false;
        return options;
    });

    public async Task AnswerAsync(HttpContext context)
    {
        if (!AcceptsBoth(context.Request))
        {
            await RefuseAsync(context, NotAccepting);
            return;
        }

        if (await ReadAsync(context) is not { } message)
        {
            await RefuseAsync(context, NotJsonRpc);
            return;
        }

        var checks = new McpRequestChecks(context.Request.Headers, message, serverOptions.Value);
        if (checks.Refusal() is { } refusal)
        {
            await RefuseAsync(context, refusal, message is JsonRpcRequest request ? request.Id : default);
            return;
        }

        await ServeAsync(context, message, checks.IsStateless);
    }

    private async Task ServeAsync(HttpContext context, JsonRpcMessage message, bool errorsSetStatus)
    {
        // Created per request, and so are its services: a tool gets what this HTTP request would get.
        var transport = new StreamableHttpServerTransport(loggerFactory) { Stateless = true };
        await using var server = McpServer.Create(transport, serverOptions.Value, loggerFactory, context.RequestServices);
        context.Features.Set(server);
        using var ended = new CancellationTokenSource();
        var running = server.RunAsync(ended.Token);
        try
        {
            if (message is JsonRpcRequest)
            {
                StartEventStream(context);
            }

            var answered = await transport.HandlePostRequestAsync(
                message, context.Response.Body, first => SetStatus(context, first, errorsSetStatus), context.RequestAborted);
            if (!answered)
            {
                context.Response.StatusCode = StatusCodes.Status202Accepted;
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away, which is how it cancels a call.
        }
        finally
        {
            // In this order the server sees the end of its input before the cancellation, and ends without an exception if it can.
            await transport.DisposeAsync();
            await ended.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The callback exists for both eras, although only the newer one sets a status: with it the transport sends the headers together
    // with the first message instead of flushing them on their own.
    private static ValueTask SetStatus(HttpContext context, JsonRpcMessage? first, bool errorsSetStatus)
    {
        if (errorsSetStatus && first is JsonRpcError error && !context.Response.HasStarted)
        {
            context.Response.StatusCode = (McpErrorCode)error.Error.Code switch
            {
                McpErrorCode.MethodNotFound => StatusCodes.Status404NotFound,
                McpErrorCode.HeaderMismatch
                    or McpErrorCode.MissingRequiredClientCapability
                    or McpErrorCode.UnsupportedProtocolVersion => StatusCodes.Status400BadRequest,
                _ => context.Response.StatusCode,
            };
        }

        return default;
    }

    private static bool AcceptsBoth(HttpRequest request)
    {
        if (request.Headers.Accept is ["application/json, text/event-stream"])
        {
            return true; // what nearly every client sends, without parsing it
        }

        var accept = request.GetTypedHeaders().Accept;
        return accept.Any(type => type.MatchesMediaType("application/json"))
            && accept.Any(type => type.MatchesMediaType("text/event-stream"));
    }

    private static async Task<JsonRpcMessage?> ReadAsync(HttpContext context)
    {
        JsonRpcMessage? message;
        try
        {
            message = await JsonSerializer.DeserializeAsync(context.Request.BodyReader, MessageJson, context.RequestAborted);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            return null; // the latter two for names that come twice and for broken text
        }

        if (message is not null)
        {
            message.Context = new JsonRpcMessageContext
            {
                User = context.User.Identity?.IsAuthenticated == true ? context.User : null,
                ProtocolVersion = context.Request.Headers[McpRequestChecks.VersionHeader] is [{ Length: > 0 } version] ? version : null,
            };
        }

        return message;
    }

    // Nothing between here and the client may hold back or change what is sent piece by piece.
    private static void StartEventStream(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentType = "text/event-stream";
        headers.CacheControl = "no-cache,no-store";
        headers.ContentEncoding = "identity";
        headers["X-Accel-Buffering"] = "no";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
    }

    private static Task RefuseAsync(HttpContext context, McpRefusal refusal, RequestId id = default) => McpEndpointError.WriteAsync(
        context, refusal.Status, new JsonRpcErrorDetail { Code = refusal.Code, Message = refusal.Message, Data = refusal.Data }, id);
}
