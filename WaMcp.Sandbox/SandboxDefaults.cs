using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace WaMcp.Sandbox;

/// <summary>
/// What the sandbox needs of WaMcp.ServiceDefaults, under the same two names, so that this file goes away as soon as those are there.
/// </summary>
internal static class SandboxDefaults
{
    public static void AddServiceDefaults(this WebApplicationBuilder builder)
    {
        builder.Configuration.AddKeyPerFile(builder.Configuration["Secrets:Directory"] ?? "/run/secrets", optional: true);
        builder.Services.AddHealthChecks();
    }

    public static void MapHealthEndpoints(this WebApplication app)
    {
        app.MapHealthChecks("/health");
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = _ => false });
    }
}
