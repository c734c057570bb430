using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using WaMcp.ServiceDefaults;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.ServiceDefaults;

public sealed partial class TelemetryTests
{
    [Fact]
    public async Task ExportsTracesMetricsAndLogsAndNoSecretOfAUrlOrHeader()
    {
        await using var collector = await TelemetryCollector.StartAsync();
        await using (var app = await StartAsync(collector.Address))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/things/7?hub.verify_token=query-tellnobody")
            {
                Headers = { { "Authorization", "Bearer header-tellnobody" } },
            };
            using (SuppressInstrumentationScope.Begin()) // the caller's own spans are not the subject
            {
                (await app.Client.SendAsync(request)).EnsureSuccessStatusCode();
            }

            await app.StopAsync();
        }

        collector.Received("/v1/traces").ShouldContain("GET /things/{id}");
        collector.Received("/v1/traces").ShouldContain("a step of ours");
        collector.Received("/v1/metrics").ShouldContain("http.server.request.duration");
        collector.Received("/v1/logs").ShouldContain("thing 7 was asked for");
        collector.Received("/v1/traces").ShouldContain("/bot***/getMe");
        foreach (var signal in new[] { "/v1/traces", "/v1/metrics", "/v1/logs" })
        {
            collector.Received(signal).ShouldContain("test-service");
            collector.Received(signal).ShouldNotContain("tellnobody");
        }
    }

    [Fact]
    public async Task HealthProbesLeaveNoTraces()
    {
        await using var collector = await TelemetryCollector.StartAsync();
        await using (var app = await StartAsync(collector.Address))
        {
            using (SuppressInstrumentationScope.Begin())
            {
                await app.Client.GetStringAsync("/health");
                await app.Client.GetStringAsync("/alive");
                await app.Client.GetStringAsync("/things/7");
            }

            await app.StopAsync();
        }

        collector.Received("/v1/traces").ShouldContain("GET /things/{id}");
        collector.Received("/v1/traces").ShouldNotContain("GET /health");
        collector.Received("/v1/traces").ShouldNotContain("GET /alive");
        collector.Received("/v1/traces").ShouldNotContain("a step of a check");
    }

    [Fact]
    public async Task NothingListensWithoutAnEndpoint()
    {
        await using var app = await TestApp.StartAsync(builder => builder.AddServiceDefaults(), _ => { });

        app.Services.GetService<OpenTelemetry.Trace.TracerProvider>().ShouldBeNull();
        app.Services.GetServices<IHostedService>().ShouldNotContain(service => service.GetType().Name.StartsWith("Telemetry"));
    }

    private static async Task<TestApp> StartAsync(Uri collector)
    {
        // Each app has its own source: listeners of apps that other tests run at the same time must not see each other's steps.
        var source = new ActivitySource($"WaMcp.Tests.{Guid.NewGuid():N}");
        return await TestApp.StartAsync(
            builder =>
            {
                builder.AddServiceDefaults().AddUrlRedaction(new UrlRedaction(BotToken(), "/bot***"));
                builder.Services.AddHttpClient();
                builder.Services.AddHealthChecks().AddCheck("step", () =>
                {
                    using var step = source.StartActivity("a step of a check");
                    return Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckResult.Healthy();
                });
            },
            app =>
            {
                app.MapHealthEndpoints();
                app.MapGet("/things/{id}", async (int id, ILogger<TelemetryTests> logger, HttpClient client) =>
                {
                    using var step = source.StartActivity("a step of ours");
                    Asked(logger, id);
                    await client.GetAsync(new Uri(collector, "/bot123:path-tellnobody/getMe?token=query-tellnobody"));
                });
            },
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.ToString()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_SERVICE_NAME", "test-service"),
            ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"),
            ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"),
            ("Logging:LogLevel:System.Net.Http.HttpClient", "Trace"),
            ("Logging:LogLevel:System.Net.Http.HttpClient.Default.LogicalHandler", "Trace"),
            ("Logging:OpenTelemetry:LogLevel:Default", "Trace"),
            ("Logging:OpenTelemetry:LogLevel:System.Net.Http.HttpClient.Default.LogicalHandler", "Trace"));
    }

    [GeneratedRegex("/bot[^/]+")]
    private static partial Regex BotToken();

    [LoggerMessage(Level = LogLevel.Information, Message = "thing {Id} was asked for")]
    private static partial void Asked(ILogger logger, int id);
}
