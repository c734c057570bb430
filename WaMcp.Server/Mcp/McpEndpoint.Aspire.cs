using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.AspNetCore;

namespace WaMcp.Server.Mcp;

public static partial class McpEndpoint
{
    private static partial void AddTransport(IMcpServerBuilder builder) =>
        builder.WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.Stateless);

    private static partial IEndpointConventionBuilder MapTransport(IEndpointRouteBuilder endpoints, string pattern)
    {
        var endpoint = endpoints.MapMcp(pattern);
        endpoint.Add(builder =>
        {
            var answer = builder.RequestDelegate!;
            builder.RequestDelegate = context => AnswerAsync(context, answer);
        });
        return endpoint;
    }

    // MapMcp takes the last of names that come twice, and answers 500 to some messages that it cannot read.
    private static async Task AnswerAsync(HttpContext context, RequestDelegate answer)
    {
        context.Request.EnableBuffering();
        try
        {
            using (await JsonDocument.ParseAsync(
                context.Request.Body, new JsonDocumentOptions { AllowDuplicateProperties = false }, context.RequestAborted))
            {
                context.Request.Body.Position = 0;
            }

            await answer(context);
        }
        catch (Exception exception) when (
            exception is JsonException or InvalidOperationException or ArgumentException && !context.Response.HasStarted)
        {
            var logger = context.RequestServices.GetRequiredService<ILogger<McpOptions>>();
            LogUnreadable(logger, exception);
            await McpEndpointError.WriteAsync(context, StatusCodes.Status400BadRequest, McpErrorCode.InvalidRequest, NotJsonRpc);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "An MCP message could not be read.")]
    private static partial void LogUnreadable(ILogger logger, Exception exception);
}
