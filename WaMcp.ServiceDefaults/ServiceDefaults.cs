using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

/// <summary>What every program of ours does the same way.</summary>
public static class ServiceDefaults
{
    /// <summary>Secret files, telemetry, health checks and service discovery. Call it first: what follows may read secrets.</summary>
    public static IHostApplicationBuilder AddServiceDefaults(this IHostApplicationBuilder builder)
    {
        builder.AddSecretFiles();
        builder.AddTelemetry();
        builder.AddHealth();
        builder.AddServiceDiscoverySeam();
        return builder;
    }
}
