using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WaMcp.Domain;
using WaMcp.Server.Auth;

namespace WaMcp.Server.Mcp;

/// <summary>MCP over standard input and output: one client, and every request in a scope of its own, as the owner.</summary>
internal static class McpStdio
{
    /// <summary>Serves standard input and output. Everything that the protocol could reach goes through <see cref="OwnerGate"/>.</summary>
    public static IMcpServerBuilder AddMcpStdio(this IMcpServerBuilder builder)
    {
        builder.Services.AddScoped<OwnerGate>();
        return builder.WithStdioServerTransport().WithRequestFilters(filters => filters
            .AddListToolsFilter(AsOwner)
            .AddCallToolFilter(AsOwner)
            .AddCallToolFilter(OnlyKnown)
            .AddListPromptsFilter(AsOwner)
            .AddGetPromptFilter(AsOwner)
            .AddListResourcesFilter(AsOwner)
            .AddListResourceTemplatesFilter(AsOwner)
            .AddReadResourceFilter(AsOwner)
            .AddSubscribeToResourcesFilter(AsOwner)
            .AddCompleteFilter(AsOwner));
    }

    private static McpRequestHandler<TParams, TResult> AsOwner<TParams, TResult>(McpRequestHandler<TParams, TResult> next) =>
        async (request, cancellationToken) =>
        {
            var client = request.Server.ClientInfo;
            await request.Services!.GetRequiredService<OwnerGate>()
                .EnterAsync(client is null ? null : $"{client.Name}/{client.Version}", cancellationToken);
            return await next(request, cancellationToken);
        };

    // Over HTTP the gate in front looks after this: a call of a tool that does not exist leaves its row too.
    private static McpRequestHandler<CallToolRequestParams, CallToolResult> OnlyKnown(
        McpRequestHandler<CallToolRequestParams, CallToolResult> next) => async (request, cancellationToken) =>
    {
        var services = request.Services!;
        try
        {
            services.GetRequiredService<ToolCatalog>().Require(request.Params?.Name ?? "");
        }
        catch (Fault fault)
        {
            await services.GetRequiredService<CallAudit>()
                .WriteCallAsync(RequestMethods.ToolsCall, null, ToolInput.Arguments(request.Params?.Arguments), fault, TimeSpan.Zero);
            throw RpcFault.Of(fault);
        }

        return await next(request, cancellationToken);
    };
}
