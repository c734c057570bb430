using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

/// <summary>
/// <c>GET /health</c>: may requests be sent here? <c>GET /alive</c>: is the process itself all right, or should it be restarted? A store
/// that is away makes a program not ready; it never makes it dead.
/// </summary>
public static class Health
{
    internal static void AddHealth(this IHostApplicationBuilder builder) => builder.Services.AddHealthChecks();

    /// <summary>Maps both, in every environment. They tell names and states, no details, and leave no traces and no metrics.</summary>
    public static WebApplication MapHealthEndpoints(this WebApplication app)
    {
        app.MapGet("/health", (HttpContext context, HealthCheckService health) => AnswerAsync(context, health, _ => true))
            .ExcludeFromDescription().AllowAnonymous().DisableHttpMetrics();
        app.MapGet("/alive", (HttpContext context, HealthCheckService health) => AnswerAsync(context, health, _ => false))
            .ExcludeFromDescription().AllowAnonymous().DisableHttpMetrics();
        return app;
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context, HealthCheckService health, Func<HealthCheckRegistration, bool> included)
    {
        LeaveNoTrace(context);
        var report = await health.CheckHealthAsync(included, context.RequestAborted);
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

    private sealed record HealthAnswer(string Status, Dictionary<string, string> Checks);
}
