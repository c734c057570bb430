using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

/// <summary>
/// <c>GET /health</c>: may requests be sent here? <c>GET /alive</c>: is the process itself all right, or should it be restarted? A store
/// that is away makes a program not ready; it never makes it dead.
/// </summary>
public static class Health
{
    internal static void AddHealth(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<LatestReport>();
        builder.Services.AddHealthChecks();
    }

    /// <summary>
    /// Maps both, in every environment. They tell names and states, no details, and leave no traces and no metrics. The stores are asked
    /// once a second at most, however many ask here.
    /// </summary>
    public static WebApplication MapHealthEndpoints(this WebApplication app)
    {
        app.MapGet("/health", ReadyAsync).ExcludeFromDescription().AllowAnonymous().DisableHttpMetrics();
        app.MapGet("/alive", Alive).ExcludeFromDescription().AllowAnonymous().DisableHttpMetrics();
        return app;
    }

    private static async Task<JsonHttpResult<HealthAnswer>> ReadyAsync(HttpContext context, LatestReport latest)
    {
        LeaveNoTrace(context);
        return Answer(context, await latest.GetAsync().WaitAsync(context.RequestAborted));
    }

    private static JsonHttpResult<HealthAnswer> Alive(HttpContext context)
    {
        LeaveNoTrace(context);
        return Answer(context, new HealthReport(new Dictionary<string, HealthReportEntry>(), TimeSpan.Zero));
    }

    private static JsonHttpResult<HealthAnswer> Answer(HttpContext context, HealthReport report)
    {
        context.Response.Headers.CacheControl = "no-store";
        var checks = report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Status.ToString());
        return TypedResults.Json(
            new HealthAnswer(report.Status.ToString(), checks),
            statusCode: report.Status == HealthStatus.Unhealthy
                ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status200OK);
    }

    // Exporters pass over spans that are not recorded, and the checks' own spans follow their parent.
    private static void LeaveNoTrace(HttpContext context)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { } activity)
        {
            activity.IsAllDataRequested = false;
            activity.ActivityTraceFlags = System.Diagnostics.ActivityTraceFlags.None;
        }
    }

    /// <summary>One check at a time, good for everybody who asks within a second of its start.</summary>
    private sealed class LatestReport(HealthCheckService health, TimeProvider clock)
    {
        private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

        private readonly Lock gate = new();
        private Task<HealthReport>? report;
        private long started;

        public Task<HealthReport> GetAsync()
        {
            lock (gate)
            {
                if (report is null || (report.IsCompleted && clock.GetElapsedTime(started) >= Lifetime))
                {
                    started = clock.GetTimestamp();
                    report = health.CheckHealthAsync(CancellationToken.None);
                }

                return report;
            }
        }
    }

    private sealed record HealthAnswer(string Status, Dictionary<string, string> Checks);
}
