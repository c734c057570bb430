using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace WaMcp.ServiceDefaults;

/// <summary>Postgres, as one <see cref="NpgsqlDataSource"/> and as a <see cref="DbContext"/> on top of it.</summary>
public static partial class Database
{
    private const string Name = "wamcp";

    /// <summary>
    /// Adds the data source, from <c>ConnectionStrings:wamcp</c>, a scoped <typeparamref name="TContext"/> and a health check. The
    /// context is never pooled: a pooled one is built from the root's services and outlives the request, so it must not hold a tenant.
    /// Commands are never retried behind the caller's back.
    /// </summary>
    public static IHostApplicationBuilder AddDatabase<TContext>(
        this IHostApplicationBuilder builder, Action<IServiceProvider, DbContextOptionsBuilder>? configure = null)
        where TContext : DbContext
    {
        builder.Services.AddSingleton(Connect);
        builder.Services.AddDbContext<TContext>((services, options) =>
        {
            options.UseNpgsql(services.GetRequiredService<NpgsqlDataSource>());
            configure?.Invoke(services, options);
        });
        Enrich<TContext>(builder);
        builder.Services.AddHostedService<DatabaseStart>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseHealth>("postgres", HealthStatus.Unhealthy);
        return builder;
    }

    private static partial void Enrich<TContext>(IHostApplicationBuilder builder)
        where TContext : DbContext;

    private static NpgsqlDataSource Connect(IServiceProvider services)
    {
        var connectionString = services.GetRequiredService<IConfiguration>()
            .GetRequired(Name, "Host=127.0.0.1;Database=wamcp;Username=wa_app;Password=...");
        var source = new NpgsqlDataSourceBuilder(connectionString);
        source.ConnectionStringBuilder.ApplicationName ??= services.GetRequiredService<IHostEnvironment>().ApplicationName;
        source.UseLoggerFactory(services.GetRequiredService<ILoggerFactory>());
        return source.Build();
    }

    /// <summary>Refuses to start without the setting, rather than failing at the first request. It does not connect.</summary>
    private sealed class DatabaseStart(IServiceProvider services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            _ = services.GetRequiredService<NpgsqlDataSource>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
