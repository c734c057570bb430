using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Data;
using WaMcp.Domain.Inbox;
using WaMcp.Domain.Media;
using WaMcp.Server.Auth;
using WaMcp.Server.Mcp;
using WaMcp.Server.Tools;
using WaMcp.Server.Webhooks;
using WaMcp.ServiceDefaults;

namespace WaMcp.Server;

/// <summary>What agents and providers talk to: MCP over HTTP behind API keys, and the providers' webhooks.</summary>
public static class ServerApp
{
    private const int RoomForTheRest = 64 * 1024;

    /// <summary>Composes the program.</summary>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.AddDatabase<WaMcpDbContext>();
        builder.AddRedis();
        builder.AddProxies();
        builder.AddAddressLimit();
        builder.Services.AddWaMcpDomain().AddMedia().AddKeyAccess().AddChannels();
        builder.Services.AddAuditLog().AddBackground<WebhookInbox>();
        builder.Services.AddOptions<InboxOptions>().BindConfiguration(InboxOptions.Section)
            .Validate(options => options is { MaxBatch: > 0, Writers: > 0 }, "Inbox:MaxBatch and Inbox:Writers must be at least 1.").ValidateOnStart();
        builder.Services.AddSingleton<BodiesOnTheirWay>();
        builder.Services.AddScoped<Caller>().AddScoped<CallAudit>().AddSingleton<WebhookSecrets>().AddSingleton<WebhookBodies>();
        builder.Services.AddOptions<WebhookOptions>().BindConfiguration(WebhookOptions.Section)
            .Validate(options => options.MaxBytesOnTheirWay >= WebhookBodies.MaxBodyBytes * 4L, "Webhooks:MaxBytesOnTheirWay must be at least 16777216: four of the largest deliveries.")
            .ValidateOnStart();
        builder.Services.AddWaMcpTools().AddMcpEndpoint();
        builder.Services.AddOptions<McpOptions>().Validate<IOptions<MediaOptions>>(
            (mcp, media) => mcp.MaxRequestBytes >= (media.Value.MaxInlineBytes * 4L / 3) + RoomForTheRest,
            $"Mcp:MaxRequestBytes must hold a file of Media:MaxInlineBytes as base64 (a third more) and {RoomForTheRest} bytes around it.");

        var app = builder.Build();
        _ = app.Services.GetRequiredService<Domain.Access.Pepper>(); // refuse to start without it, rather than every request
        app.UseProxies();
        app.UseRouting();
        app.UseAddressLimit();
        app.UseMiddleware<ApiKeyGate>();
        app.MapHealthEndpoints();
        app.MapMcpEndpoint("/mcp").WithMetadata(RequireApiKey.Instance).RequireAddressLimit(RpcRefusal.TooManyFailuresAsync);
        app.MapWhatsAppWebhooks();
        return app;
    }
}
