using System.Reflection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace WaMcp.ServiceDefaults;

/// <summary>
/// Logs, traces and metrics over OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, and nothing at all, not even a listener, when it
/// is not. Every source is one that the framework or the library brings itself, so there is no instrumentation package.
/// </summary>
public static class Telemetry
{
    private static readonly string[] Sources =
    [
        "Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "Experimental.ModelContextProtocol", "WaMcp*",
    ];

    private static readonly string[] Meters =
    [
        "Microsoft.AspNetCore.*", "System.Net.Http", "System.Net.NameResolution", "System.Runtime", "Npgsql",
        "Experimental.ModelContextProtocol", "WaMcp*",
    ];

    // Below appsettings and the environment: an operator may turn these up.
    private static readonly Dictionary<string, string?> QuietLogs = new()
    {
        ["Logging:LogLevel:Npgsql"] = nameof(LogLevel.Warning),
        ["Logging:LogLevel:Microsoft.EntityFrameworkCore"] = nameof(LogLevel.Warning),
        ["Logging:LogLevel:Microsoft.AspNetCore"] = nameof(LogLevel.Warning),
        ["Logging:LogLevel:ModelContextProtocol"] = nameof(LogLevel.Warning),
    };

    // What tells secrets below these levels; no configuration can turn it on. The first two write whole URLs, with query string and path; the
    // third quotes the header line that it could not read, and an Authorization header with a space too many is still a secret.
    private static readonly (string Category, LogLevel Level)[] LogCaps =
    [
        ("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning),
        ("System.Net.Http.HttpClient", LogLevel.Warning),
        ("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.Information),
    ];

    /// <summary>
    /// Keeps a part of outgoing URLs out of every trace, for providers that want a secret in the path. Query strings need no rule: they
    /// are never recorded.
    /// </summary>
    public static IHostApplicationBuilder AddUrlRedaction(this IHostApplicationBuilder builder, UrlRedaction redaction)
    {
        builder.Services.AddSingleton(redaction);
        return builder;
    }

    internal static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = QuietLogs });
        builder.Services.PostConfigure<LoggerFilterOptions>(Cap);

        if (!string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            builder.AddExport();
        }
    }

    // A rule for one provider wins over any rule for all of them, and one for a longer category over one for a shorter: so the caps are laid over
    // each provider that configuration names, and nothing below a capped category may say more.
    private static void Cap(LoggerFilterOptions options)
    {
        foreach (var rule in options.Rules.ToList())
        {
            if (LogCaps.FirstOrDefault(cap => rule.CategoryName?.StartsWith(cap.Category, StringComparison.OrdinalIgnoreCase) is true) is { Category: not null } cap
                && rule.LogLevel is { } level && level < cap.Level)
            {
                options.Rules.Remove(rule);
                options.Rules.Add(new LoggerFilterRule(rule.ProviderName, rule.CategoryName, cap.Level, rule.Filter));
            }
        }

        foreach (var provider in options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToList())
        {
            foreach (var (category, level) in LogCaps)
            {
                options.Rules.Add(new LoggerFilterRule(provider, category, level, null));
            }
        }
    }

    private static void AddExport(this IHostApplicationBuilder builder)
    {
        // ASP.NET Core 10 describes its own request spans (method, path, server; never the query) only when asked to; 11 always does:
        // https://github.com/dotnet/AspNetCore.Docs/issues/37721
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);

        new Builder(builder.Services)
            .ConfigureResource(resource => Describe(resource, builder))
            .WithTracing(tracing => tracing.AddSource(Sources).SetSampler(new ParentBasedSampler(new WorkSampler())).AddProcessor<UrlRedactionProcessor>())
            .WithMetrics(metrics => metrics.AddMeter(Meters))
            .WithLogging(_ => { }, logs =>
            {
                logs.IncludeFormattedMessage = true;
                logs.IncludeScopes = true;
            })
            .UseOtlpExporter();

        builder.Services.AddSingleton<IStartupFilter, RequestSpans>();
        // First of the hosted services, so that the others' first steps are seen and, as stopping runs backwards, their last ones too.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryStart>());
    }

    private static void Describe(ResourceBuilder resource, IHostApplicationBuilder builder)
    {
        // OTEL_RESOURCE_ATTRIBUTES comes last, because the last one to name an attribute wins.
        resource.Clear()
            .AddTelemetrySdk()
            .AddService(
                builder.Configuration["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName,
                serviceVersion: Assembly.GetEntryAssembly()?
                    .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion)
            .AddAttributes([new("deployment.environment.name", builder.Environment.EnvironmentName)])
            .AddEnvironmentVariableDetector();
    }

    /// <summary>What OpenTelemetry.Extensions.Hosting would bring; that package is not on every feed (ADR 0002).</summary>
    private sealed class Builder(IServiceCollection services) : IOpenTelemetryBuilder
    {
        public IServiceCollection Services => services;
    }

    private sealed class TelemetryStart(IServiceProvider services) : IHostedService
    {
        // Asking for a provider builds it and starts its listeners.
        public Task StartAsync(CancellationToken cancellationToken)
        {
            _ = services.GetRequiredService<MeterProvider>();
            _ = services.GetRequiredService<TracerProvider>();
            return Task.CompletedTask;
        }

        // Disposing the host flushes as well, but a host that is stopped and not disposed must not lose its last spans.
        public Task StopAsync(CancellationToken cancellationToken) => Task.Run(() =>
        {
            services.GetRequiredService<TracerProvider>().ForceFlush(2_000);
            services.GetRequiredService<MeterProvider>().ForceFlush(2_000);
            services.GetRequiredService<LoggerProvider>().ForceFlush(2_000);
        }, cancellationToken);
    }
}
