using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Protocol;

namespace WaMcp.Server.Mcp;

/// <summary>MCP over Streamable HTTP, without sessions: every POST stands alone, so any replica can answer it.</summary>
public static partial class McpEndpoint
{
    /// <summary>What MCP's C# SDK uses where the specification gives no code.</summary>
    internal const int TransportError = -32000;

    internal const string NotJsonRpc = "The body is not one valid JSON-RPC 2.0 message.";

    /// <summary>Lets the MCP server be reached over HTTP; <see cref="MapMcpEndpoint"/> says where.</summary>
    public static IMcpServerBuilder AddMcpEndpoint(this IMcpServerBuilder builder)
    {
        builder.Services.AddOptions<McpOptions>()
            .BindConfiguration("Mcp")
            .Validate(options => options.MaxRequestBytes > 0,
                "Mcp:MaxRequestBytes must be positive: it is the largest request body in bytes.")
            .Validate(options => options.AllowedOrigins.All(McpOrigin.IsOrigin),
                "Mcp:AllowedOrigins must hold origins such as https://console.example.com: scheme, host, perhaps a port, and no path.")
            .ValidateOnStart();
        AddTransport(builder);
        return builder;
    }

    /// <summary>Maps the endpoint. Authentication and limits are chained on what it returns.</summary>
    public static IEndpointConventionBuilder MapMcpEndpoint(this IEndpointRouteBuilder endpoints, string pattern)
    {
        var options = endpoints.ServiceProvider.GetRequiredService<IOptions<McpOptions>>().Value;
        var endpoint = MapTransport(endpoints, pattern).WithMetadata(new BodyLimit(options.MaxRequestBytes));
        endpoint.Add(builder =>
        {
            var answer = builder.RequestDelegate!;
            builder.RequestDelegate = context => GuardAsync(context, answer, options);
        });
        return endpoint;
    }

    private static partial void AddTransport(IMcpServerBuilder builder);

    private static partial IEndpointConventionBuilder MapTransport(IEndpointRouteBuilder endpoints, string pattern);

    private static async Task GuardAsync(HttpContext context, RequestDelegate answer, McpOptions options)
    {
        if (!McpOrigin.IsAllowed(context.Request, options))
        {
            await RefuseAsync(StatusCodes.Status403Forbidden,
                "Web pages of this origin may not call this server. Its operator can add the origin to Mcp:AllowedOrigins.");
            return;
        }

        if (!context.Request.HasJsonContentType())
        {
            await RefuseAsync(StatusCodes.Status415UnsupportedMediaType, "The Content-Type header must be application/json.");
            return;
        }

        try
        {
            await answer(context);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            // Kestrel's word for a body that is too large, cut off or badly framed.
            await RefuseAsync(exception.StatusCode, exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? $"The request body is larger than {options.MaxRequestBytes} bytes. Pass larger media as links."
                : "The request body could not be read.");
        }

        Task RefuseAsync(int status, string message) => McpEndpointError.WriteAsync(
            context, status, new JsonRpcErrorDetail { Code = TransportError, Message = message });
    }

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
