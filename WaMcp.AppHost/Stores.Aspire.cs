using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace WaMcp.AppHost;

/// <content>
/// Containers when a runtime answers, else the scripts in ops/local: without a runtime Aspire leaves a container resource unhealthy
/// and everything that waits for it waiting. Containers keep their data beside the local processes' own.
/// </content>
internal static partial class Stores
{
    public static bool CanRun(LaunchOptions options) => UsesContainers(options) || AreInstalled();

    public static IResourceBuilder<IResourceWithEndpoints> AddPostgresStore(
        this IDistributedApplicationBuilder builder, string name, DataFolder data, DevelopmentSecrets secrets, int port)
    {
        if (!UsesContainers(data.Options))
        {
            return builder.AddLocalPostgres(name, data, secrets, port);
        }

        var password = builder.AddParameter("postgres-password", secrets.Read("postgres_owner_password"), secret: true);
        var postgres = builder.AddPostgres(name, password: password, port: port)
            .WithDataBindMount(Directory.CreateDirectory(data["postgres-container"]).FullName);
        postgres.AddDatabase("database", "wamcp");
        return postgres;
    }

    public static IResourceBuilder<IResourceWithEndpoints> AddRedisStore(
        this IDistributedApplicationBuilder builder, string name, DataFolder data, int port)
    {
        if (!UsesContainers(data.Options))
        {
            return builder.AddLocalRedis(name, data, port);
        }

        return builder.AddRedis(name, port)
            .WithPassword(null)
            .WithDataBindMount(Directory.CreateDirectory(data["redis-container"]).FullName);
    }

    private static bool UsesContainers(LaunchOptions options) => !options.LocalStores && ContainerRuntime.Name is not null;

    private static IResourceBuilder<ExecutableResource> WithReadiness(
        this IResourceBuilder<ExecutableResource> store, Func<CancellationToken, Task<bool>> ready)
    {
        var key = $"{store.Resource.Name}_ready";
        store.ApplicationBuilder.Services.AddHealthChecks().AddAsyncCheck(
            key, async stopping => await ready(stopping) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("does not answer yet"));
        return store.WithHealthCheck(key);
    }
}
