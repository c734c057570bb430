using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Audit.Archive;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Duties;
using WaMcp.Domain.Endpoints;
using WaMcp.Domain.Inbox;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Limits;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Templates;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain;

/// <summary>Registers the domain; what a program starts of its background work, it says itself.</summary>
public static class WaMcpDomain
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2); // a provider's addresses change

    /// <summary>What every program needs. Wants the database and an <see cref="IConfiguration"/>.</summary>
    public static IServiceCollection AddWaMcpDomain(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => Pepper.Read(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<SecretBox>();
        services.AddScoped<TenantContext>();
        services.AddOptions<PacingOptions>().BindConfiguration(PacingOptions.Section);
        services.AddSingleton<JobQueue>();
        services.AddSingleton<SealAudit>().AddSingleton<VerifyAudit>().AddSingleton<AskAudit>();
        services.AddOptions<ArchiveOptions>().BindConfiguration(ArchiveOptions.Section);
        services.AddSingleton<AuditArchive>();
        services.AddScoped<MarkMedia>().AddScoped<RequestFiles>();
        services.AddScoped<MergeContacts>().AddScoped<ContactBook>().AddScoped<ConversationBook>();
        services.AddScoped<SendMessage>().AddScoped<ForecastSend>().AddScoped<MessageUsage>().AddScoped<RecordInbound>().AddScoped<RecordStatus>().AddScoped<EarlyStatuses>().AddScoped<StopChannel>();
        services.AddScoped<ReadMessages>().AddScoped<SearchMessages>();
        services.AddScoped<TemplateBook>().AddScoped<NoteFacts>().AddScoped<LoadDeliveries>();
        services.AddOptions<EndpointOptions>().BindConfiguration(EndpointOptions.Section);
        return services;
    }

    /// <summary>What a program needs that tells clients' endpoints what happens.</summary>
    public static IServiceCollection AddEndpoints(this IServiceCollection services)
    {
        services.AddOptions<EndpointOptions>()
            .Validate(
                options => options.Timeout > TimeSpan.Zero && options.Timeout <= TimeSpan.FromSeconds(30),
                "Endpoints:Timeout must be longer than nothing and at most 00:00:30.")
            .Validate(
                options => options.AlsoAllowed.All(origin => Uri.TryCreate(origin, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"),
                "Endpoints:AlsoAllowed must be origins like http://localhost:9000.")
            .ValidateOnStart();
        services.TryAddSingleton<FetchRoute>();
        return services.AddSingleton<PostEvent>().AddScoped<StopEndpoint>();
    }

    /// <summary>What a program needs that takes, sends or deletes media.</summary>
    public static IServiceCollection AddMedia(this IServiceCollection services)
    {
        services.AddOptions<MediaOptions>().BindConfiguration(MediaOptions.Section)
            .Validate(options => options.MaxInlineBytes > 0, "Media:MaxInlineBytes must be at least 1.")
            .Validate(
                options => options.FetchTimeout > TimeSpan.Zero && options.FetchTimeout <= TimeSpan.FromMinutes(10),
                "Media:FetchTimeout must be longer than nothing and at most 00:10:00.")
            .Validate(options => options.MaxResourceBytes >= 0, "Media:MaxResourceBytes must not be negative.")
            .Validate(options => options.MaxBytesPerClient > 0, "Media:MaxBytesPerClient must be at least 1.")
            .Validate(
                options => options.MaxFetchesPerClient > 0 && options.MaxFetches >= options.MaxFetchesPerClient,
                "Media:MaxFetchesPerClient must be at least 1, and Media:MaxFetches no less.")
            .Validate(options => options.FetchPorts.All(port => port is > 0 and < 65536), "Media:FetchPorts must be port numbers.")
            .ValidateOnStart();
        services.TryAddSingleton<FetchRoute>();
        services.AddSingleton<FetchMedia>().AddSingleton<FetchTurns>();
        services.AddSingleton<IMediaStore>(provider => provider.GetRequiredService<IOptions<MediaOptions>>().Value.S3.Bucket is null
            ? ActivatorUtilities.CreateInstance<DiskMediaStore>(provider)
            : ActivatorUtilities.CreateInstance<S3MediaStore>(provider));
        return services.AddScoped<KeepMedia>().AddScoped<FindMedia>().AddScoped<AcceptMedia>().AddScoped<KeepInbound>().AddScoped<DeleteMedia>();
    }

    /// <summary>What a program needs that lets callers in by API key. Wants Redis.</summary>
    public static IServiceCollection AddKeyAccess(this IServiceCollection services)
    {
        services.AddOptions<RateLimiterOptions>().BindConfiguration(RateLimiterOptions.Section)
            .Validate(
                options => options.RedisPatience > TimeSpan.Zero && options.RedisPatience <= TimeSpan.FromSeconds(10),
                "RateLimit:RedisPatience must be longer than nothing and at most 00:00:10: it is how long a call waits for Redis.")
            .Validate(
                options => options.HandOver >= TimeSpan.Zero && options.HandOver <= TimeSpan.FromMinutes(1),
                "RateLimit:HandOver must be at most 00:01:00: it is how long calls are counted in both stores after Redis came back.")
            .ValidateOnStart();
        return services.AddSingleton<StoredKeys>().AddSingleton<AuthenticateKey>().AddSingleton<RateLimiter>().AddHostedService<RedisWatch>();
    }

    /// <summary>The providers.</summary>
    public static IServiceCollection AddChannels(this IServiceCollection services)
    {
        services.AddOptions<WhatsAppOptions>().BindConfiguration(WhatsAppOptions.Section)
            .Validate(
                options => options.DownloadTimeout > TimeSpan.Zero && options.DownloadTimeout <= TimeSpan.FromHours(1),
                "WhatsApp:DownloadTimeout must be longer than nothing and at most 01:00:00.")
            .ValidateOnStart();
        services.TryAddSingleton<FetchRoute>();
        services.AddSingleton<WhatsAppCredentials>().AddSingleton<FetchTemplates>().AddSingleton<GuardedHttp>().AddSingleton<WhatsAppFiles>();
        // One request, one attempt: the queue is the only retrier.
        services.AddHttpClient(nameof(WhatsAppChannel))
            .ConfigureHttpClient(http => http.Timeout = Timeout.InfiniteTimeSpan) // each request has its own
            .UseSocketsHttpHandler((handler, _) => (handler.ConnectCallback, handler.PooledConnectionLifetime) = (ConnectAsync, ConnectionLifetime))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan) // connections are renewed, so the client can stay
            .RemoveAllLoggers(); // traces tell the same, and four lines a message are dear
        services.AddSingleton<IChannel>(provider => ActivatorUtilities.CreateInstance<WhatsAppChannel>(
            provider, provider.GetRequiredService<IHttpClientFactory>().CreateClient(nameof(WhatsAppChannel))));
        return services;
    }

    // A connection that cannot be made must not look like an answer that did not come: nothing has left then.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ConnectTime);
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, patience.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw new SocketException((int)SocketError.TimedOut);
            }

            throw;
        }
    }

    /// <summary>What a program needs that lets the owner in without a key.</summary>
    public static IServiceCollection AddOwnerAccess(this IServiceCollection services) => services.AddScoped<AuthenticateOwner>();

    /// <summary>The process's queue of audit rows.</summary>
    public static IServiceCollection AddAuditLog(this IServiceCollection services)
    {
        services.AddOptions<AuditOptions>().BindConfiguration(AuditOptions.Section)
            .Validate(options => options.QueueRows > 0, "Audit:QueueRows must be at least 1.")
            .Validate(options => options.DrainLimit >= TimeSpan.Zero, "Audit:DrainLimit must not be negative.")
            .ValidateOnStart();
        return services.AddBackground<AuditLog>();
    }

    /// <summary>What operators do, each change with its audit row in the name of <paramref name="operator"/>. Wants Redis as well.</summary>
    public static IServiceCollection AddOperatorVerbs(this IServiceCollection services, Operator @operator)
    {
        services.AddSingleton(@operator);
        services.AddSingleton<MigrateDatabase>();
        services.AddSingleton<ClientEpoch>().AddScoped<AuditedChange>();
        services.AddScoped<FindClient>().AddScoped<CreateClient>().AddScoped<EnableClient>().AddScoped<SetRetention>();
        services.AddScoped<FindChannel>().AddScoped<AddChannel>().AddScoped<ResumeChannel>().AddScoped<PaceChannel>().AddScoped<AppSecrets>().AddScoped<RotateAppSecret>();
        services.AddScoped<FindDeadLetter>().AddScoped<RetryDeadLetter>().AddScoped<DiscardDeadLetter>();
        services.AddScoped<FindDelivery>().AddScoped<ListDeliveries>().AddScoped<ReadDelivery>().AddScoped<ReplayDeliveries>();
        services.AddScoped<AddGrant>().AddScoped<RevokeGrant>();
        services.AddScoped<FindEndpoint>().AddScoped<ListEndpoints>().AddScoped<AddEndpoint>().AddScoped<RotateEndpointSecret>().AddScoped<EnableEndpoint>();
        services.AddScoped<TestEndpoint>().AddScoped<ReplayEvents>();
        services.AddScoped<FindKey>().AddScoped<HashNewKey>().AddScoped<MintKey>().AddScoped<RotateKey>().AddScoped<RevokeKey>();
        services.AddSingleton<PepperFiles>().AddScoped<RotatePepper>();
        services.AddScoped<FindMessage>().AddScoped<ListMessages>().AddScoped<SettleMessage>().AddScoped<CancelMessage>();
        services.AddScoped<EraseContact>().AddScoped<RequestDuty>();
        return services;
    }

    /// <summary>A service that works in the background and that others hand work to.</summary>
    public static IServiceCollection AddBackground<TService>(this IServiceCollection services)
        where TService : class, IHostedService =>
        services.AddSingleton<TService>().AddHostedService(provider => provider.GetRequiredService<TService>());
}
