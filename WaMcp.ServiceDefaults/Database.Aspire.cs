using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

public static partial class Database
{
    // Health and telemetry are ours on both feeds; a retry could repeat what a lost connection had already committed.
    private static partial void Enrich<TContext>(IHostApplicationBuilder builder)
        where TContext : DbContext =>
        builder.EnrichNpgsqlDbContext<TContext>(settings =>
        {
            settings.DisableRetry = true;
            settings.DisableHealthChecks = true;
            settings.DisableTracing = true;
            settings.DisableMetrics = true;
        });
}
