using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

public static partial class Redis
{
    // Its health check would say Unhealthy, and its tracing would make the two feeds' telemetry differ.
    private static partial void AddConnection(IHostApplicationBuilder builder) =>
        builder.AddRedisClient(Name, settings =>
        {
            settings.ConnectionString = Settings(builder.Configuration);
            settings.DisableHealthChecks = true;
            settings.DisableTracing = true;
        }, Prepare);
}
