using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Behaviour;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Media;
using WaMcp.Sandbox.WhatsApp.Messages;
using WaMcp.Sandbox.WhatsApp.Templates;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.WhatsApp;

/// <summary>WhatsApp in the sandbox: services, the Graph API, webhooks.</summary>
internal static partial class WhatsAppSandbox
{
    private const long LargestUpload = 110L * 1024 * 1024;

    public static void AddWhatsApp(this WebApplicationBuilder builder)
    {
        var options = builder.Configuration.GetSection("Sandbox:WhatsApp").Get<WhatsAppOptions>() ?? new WhatsAppOptions();
        options.Validate();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = LargestUpload);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning); // thousands of requests a second

        var services = builder.Services;
        services.AddSingleton(options);
        services.TryAddClock();
        services.AddSingleton<WhatsAppSecrets>();
        services.AddSingleton<CurrentBehaviour>();
        services.AddSingleton<FaultBook>();
        services.AddSingleton<BusinessAccounts>();
        services.AddSingleton<Customers>();
        services.AddSingleton<ChatBook>();
        services.AddSingleton<CustomerWrites>();
        services.AddSingleton<SampleContent>();
        services.AddSingleton<MediaStore>();
        services.AddSingleton<MediaRules>();
        services.AddSingleton<InteractiveRules>();
        services.AddSingleton<TemplateRules>();
        services.AddSingleton<SendMessage>();
        services.AddSingleton<MarkRead>();
        services.AddSingleton<ReviewTemplate>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<GraphJournal>();
        services.AddSingleton<ReportStatuses>();
        services.AddSingleton<WebhookClient>();
        services.AddSingleton<WebhookLog>();
        services.AddSingleton<WebhookQueue>();
        services.AddSingleton<CallbackVerification>();
        services.AddHostedService(provider => provider.GetRequiredService<WebhookQueue>());
        services.AddHostedService(provider => provider.GetRequiredService<CallbackVerification>());
    }

    public static void MapWhatsApp(this WebApplication app)
    {
        WarnOfMissingSecrets(app);
        app.UseWhen(IsGraph, branch => branch.UseMiddleware<GraphPipeline>());
        var graph = app.MapGroup(@"/{version:regex(^v\d+\.\d+$)}");
        graph.MapPost("/{id}/messages", (HttpContext context, SendMessage sendMessage) => sendMessage.AnswerAsync(GraphCall.Of(context)))
            .WithMetadata(new NumberEndpoint { HasSecrets = false });
        app.MapMedia(graph);
        graph.MapTemplates();
        graph.MapAccounts();
        graph.MapTokens();
        graph.MapNodes();
    }

    private static bool IsGraph(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        return (path.Length > 2 && path[1] == 'v' && char.IsAsciiDigit(path[2]))
            || path.StartsWith(MediaEndpoints.DownloadPath, StringComparison.Ordinal);
    }

    private static void TryAddClock(this IServiceCollection services)
    {
        if (services.All(service => service.ServiceType != typeof(TimeProvider)))
        {
            services.AddSingleton(TimeProvider.System);
        }
    }

    private static void WarnOfMissingSecrets(WebApplication app)
    {
        var secrets = app.Services.GetRequiredService<WhatsAppSecrets>();
        if (secrets.AccessToken is null)
        {
            LogMissing(app.Logger, "wa_access_token", "every Graph request is refused until POST /control/tokens adds a token");
        }

        if (!secrets.HasAppSecret)
        {
            LogMissing(app.Logger, "meta_app_secret", "webhooks go out without a signature and the server will refuse them");
        }

        if (secrets.VerifyToken is null)
        {
            LogMissing(app.Logger, "meta_webhook_verify_token", "the callback cannot be verified");
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Key} is not set: {Consequence}. Start the sandbox through the app host, or put the file into Secrets:Directory")]
    private static partial void LogMissing(ILogger logger, string key, string consequence);
}
