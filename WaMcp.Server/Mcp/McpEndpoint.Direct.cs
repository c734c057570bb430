using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace WaMcp.Server.Mcp;

public static partial class McpEndpoint
{
    private static partial void AddTransport(IMcpServerBuilder builder) => builder.Services.TryAddSingleton<McpEndpointPost>();

    // Only POST: routing answers everything else with 405 and "Allow: POST", and a body that is not JSON with 415.
    private static partial IEndpointConventionBuilder MapTransport(IEndpointRouteBuilder endpoints, string pattern) => endpoints
        .MapPost(pattern, endpoints.ServiceProvider.GetRequiredService<McpEndpointPost>().AnswerAsync)
        .WithMetadata(new AcceptsMetadata(["application/json"]))
        .WithDisplayName("MCP");
}
