using Microsoft.Extensions.Options;
using WaMcp.Domain;
using WaMcp.Domain.Audit.Archive;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Limits;
using WaMcp.ServiceDefaults;
using WaMcp.Worker.Audit;
using WaMcp.Worker.Deliveries;
using WaMcp.Worker.Duties;
using WaMcp.Worker.Inbound;
using WaMcp.Worker.Jobs;
using WaMcp.Worker.Media;
using WaMcp.Worker.Outgoing;
using WaMcp.Worker.Retention;

namespace WaMcp.Worker;

/// <summary>
/// What runs by itself: takes webhook events apart, records them for each client, tells clients' endpoints, sends messages, seals the audit log, keeps nothing too long.
/// </summary>
public static class WorkerApp
{
    // Whoever waits for a reply waits for two of these breaths, taking apart and recording.
    private static readonly TimeSpan ReceivingBreath = TimeSpan.FromMilliseconds(5);

    private const int ReceivedTogether = 32;

    /// <summary>Composes the program.</summary>
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.AddDatabase<WaMcpDbContext>();
        builder.AddRedis();
        builder.Services.AddWaMcpDomain().AddMedia().AddChannels().AddEndpoints();
        builder.Services.AddOptions<JobOptions>().BindConfiguration(JobOptions.Section)
            .Validate(options => options is { Concurrency: > 0, Receiving: > 0, Fetching: > 0 }, "Jobs:Concurrency, Jobs:Receiving and Jobs:Fetching must be at least 1.")
            .Validate(options => options is { Notifying: > 0, NotifyingOneEndpoint: > 0 }, "Jobs:Notifying and Jobs:NotifyingOneEndpoint must be at least 1.")
            .Validate<IOptions<WhatsAppOptions>>(
                (options, whatsApp) => options.Lease > whatsApp.Value.Timeout + DeliveryLoop.RecordTime,
                $"Jobs:Lease must be longer than WhatsApp:Timeout and the {DeliveryLoop.RecordTime.TotalSeconds} seconds that writing the outcome down may take.")
            .ValidateOnStart();
        builder.Services.AddOptions<PacingOptions>()
            .Validate(options => options.Headroom is >= 0 and <= 0.5, "Pacing:Headroom must be 0 to 0.5: the part of a number's limit that stays unused.")
            .ValidateOnStart();
        builder.Services.AddScoped<IJobHandler, NotifyEndpoint>().AddScoped<EventBody>();
        builder.Services.AddScoped<IJobHandler, FanOutEvent>().AddScoped<IJobHandler, ReceiveEvent>().AddScoped<IJobHandler, FetchFile>();
        builder.Services.AddSingleton<UploadSlots>().AddSingleton<SendSlots>().AddSingleton<LeaseTimes>().AddSingleton<HandOver>().AddScoped<UploadMedia>().AddScoped<TakeMessages>().AddScoped<SettleMessages>();
        builder.Services.AddDuties();
        builder.Services.AddUnknownWatch();
        builder.Services.AddBackground<JobSignal>().AddSingleton<JobFailures>();
        builder.Services.AddBackground<InboundBell>(); // before the lanes, so that it stops after them
        builder.Services.AddLane<JobLoop>(options => Receiving(options, JobKind.FanOut));
        builder.Services.AddLane<JobLoop>(options => Receiving(options, JobKind.Receive) with { Shares = true });
        builder.Services.AddLane<JobLoop>(options => new JobLane(options.Fetching, JobKind.FetchMedia) { Breath = TimeSpan.FromMilliseconds(50), Shares = true });
        builder.Services.AddLane<DeliveryLoop>(options => new JobLane(options.Concurrency, JobKind.Deliver) { Breath = TimeSpan.FromMilliseconds(50), Shares = true });
        builder.Services.AddLane<JobLoop>(options => new JobLane(options.Notifying, JobKind.Notify)
        {
            Breath = TimeSpan.FromMilliseconds(50),
            Shares = true,
            PlacesOfOneEndpoint = options.NotifyingOneEndpoint,
        });
        builder.Services.AddNotary();

        var app = builder.Build();
        app.MapHealthEndpoints();
        return app;
    }

    private static JobLane Receiving(JobOptions options, JobKind kind) =>
        new(options.Receiving * ReceivedTogether, kind) { Breath = ReceivingBreath, Together = ReceivedTogether };

    private static void AddLane<TLoop>(this IServiceCollection services, Func<JobOptions, JobLane> lane)
        where TLoop : class, IHostedService => services.AddSingleton<IHostedService>(provider =>
        {
            var claims = ActivatorUtilities.CreateInstance<ClaimLoop>(provider, lane(provider.GetRequiredService<IOptions<JobOptions>>().Value));
            return ActivatorUtilities.CreateInstance<TLoop>(provider, claims);
        });

    private static void AddDuties(this IServiceCollection services)
    {
        services.AddOptions<DutyOptions>().BindConfiguration(DutyOptions.Section)
            .Validate(options => options.At >= TimeSpan.Zero && options.At < TimeSpan.FromDays(1), "Duties:At must be a time of day, for example 03:00:00.")
            .Validate(options => options.RetryAfter > TimeSpan.Zero, "Duties:RetryAfter must be longer than nothing.")
            .Validate(options => options.LookEvery > TimeSpan.Zero, "Duties:LookEvery must be longer than nothing.")
            .ValidateOnStart();
        services.AddOptions<RetentionOptions>().BindConfiguration(RetentionOptions.Section)
            .Validate(options => options.Messages >= RetentionOptions.Deliveries, "Retention:Messages must be at least 7.00:00:00: raw deliveries are kept for that long.")
            .ValidateOnStart();
        services.AddOptions<ArchiveOptions>()
            .Validate(options => options.After >= TimeSpan.FromDays(1), "AuditArchive:After must be at least 1.00:00:00.")
            .Validate(options => options.PartRows > 0, "AuditArchive:PartRows must be at least 1.")
            .ValidateOnStart();
        services.AddSingleton<IDuty, PruneMessages>().AddSingleton<IDuty, ArchiveAudit>();
        services.AddBackground<DutyLoop>();
    }

    private static void AddUnknownWatch(this IServiceCollection services)
    {
        services.AddOptions<DeliveryOptions>().BindConfiguration(DeliveryOptions.Section)
            .Validate(options => options.UnknownAfter >= TimeSpan.FromMinutes(1), "Deliveries:UnknownAfter must be at least 00:01:00: statuses need some time to come.")
            .Validate(options => options.LookEvery > TimeSpan.Zero, "Deliveries:LookEvery must be longer than nothing.")
            .ValidateOnStart();
        services.AddScoped<EndUnknown>().AddBackground<UnknownWatch>();
    }

    private static void AddNotary(this IServiceCollection services)
    {
        services.AddOptions<NotaryOptions>().BindConfiguration(NotaryOptions.Section)
            .Validate(options => options.SealEvery > TimeSpan.Zero, "Notary:SealEvery must be longer than nothing.")
            .Validate(options => options.CheckEvery > TimeSpan.Zero, "Notary:CheckEvery must be longer than nothing.")
            .Validate(options => options.CheckBack > options.CheckEvery, "Notary:CheckBack must be longer than Notary:CheckEvery, or some rows are never looked at.")
            .ValidateOnStart();
        services.AddBackground<Notary>().AddBackground<ChainWatch>();
    }
}
