using ModelContextProtocol.AspNetCore;

namespace WaMcp.Server.Mcp;

public static partial class McpEndpoint
{
    private static partial void AddTransport(IMcpServerBuilder builder) =>
        builder.WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.Stateless);

    private static partial IEndpointConventionBuilder MapTransport(IEndpointRouteBuilder endpoints, string pattern) => endpoints.MapMcp(pattern);
}
