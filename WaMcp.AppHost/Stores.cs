using System.Diagnostics;
using System.Globalization;

namespace WaMcp.AppHost;

/// <summary>Postgres and Redis. The halves decide between containers and local processes; what both share is here.</summary>
internal static partial class Stores
{
    /// <summary>A connection string for one role, under the name by which programs know it.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddLogin(
        this IResourceBuilder<IResourceWithEndpoints> postgres, string name, string role, string password)
    {
        var tcp = postgres.GetEndpoint("tcp");
        return postgres.ApplicationBuilder.AddConnectionString(name, ReferenceExpression.Create(
            $"Host={tcp.Property(EndpointProperty.Host)};Port={tcp.Property(EndpointProperty.Port)};Database=wamcp;Username={role};Password={password}"));
    }

    /// <summary>The same as a libpq URL, for endpoints.json.</summary>
    public static ReferenceExpression UrlFor(this IResourceBuilder<IResourceWithEndpoints> postgres, string role, string password) =>
        ReferenceExpression.Create(
            $"postgresql://{role}:{password}@{postgres.GetEndpoint("tcp").Property(EndpointProperty.HostAndPort)}/wamcp");

    public static IResourceBuilder<IResourceWithConnectionString> AddAddress(
        this IResourceBuilder<IResourceWithEndpoints> redis, string name) =>
        redis.ApplicationBuilder.AddConnectionString(
            name, ReferenceExpression.Create($"{redis.GetEndpoint("tcp").Property(EndpointProperty.HostAndPort)}"));

    public static ReferenceExpression UrlOfRedis(this IResourceBuilder<IResourceWithEndpoints> redis) =>
        ReferenceExpression.Create($"redis://{redis.GetEndpoint("tcp").Property(EndpointProperty.HostAndPort)}");

    /// <summary>What every program of ours gets on a developer's machine.</summary>
    public static IResourceBuilder<ProjectResource> InDevelopment(
        this IResourceBuilder<ProjectResource> program, DevelopmentSecrets secrets) =>
        program
            .WithEnvironment("DOTNET_ENVIRONMENT", "Development")
            .WithEnvironment("Secrets__Directory", secrets.Folder);

    private static IResourceBuilder<IResourceWithEndpoints> AddLocalPostgres(
        this IDistributedApplicationBuilder builder, string name, DataFolder data, DevelopmentSecrets secrets, int port) =>
        builder.AddExecutable(
                name, Repository.Script("postgres"), data.Options.Data, data["postgres"], Text(port), secrets.File("postgres_owner_password"))
            .WithEndpoint(port: port, targetPort: port, scheme: "tcp", name: "tcp", isProxied: false)
            .WithReadiness(stopping => StoreProbe.PostgresAnswersAsync(port, stopping));

    private static IResourceBuilder<IResourceWithEndpoints> AddLocalRedis(
        this IDistributedApplicationBuilder builder, string name, DataFolder data, int port) =>
        builder.AddExecutable(name, Repository.Script("redis"), data.Options.Data, data["redis"], Text(port))
            .WithEndpoint(port: port, targetPort: port, scheme: "tcp", name: "tcp", isProxied: false)
            .WithReadiness(stopping => StoreProbe.RedisAnswersAsync(port, stopping));

    // The scripts know where the binaries may be and say in one line what to install.
    private static bool AreInstalled()
    {
        foreach (var name in (string[])["postgres", "redis"])
        {
            using var check = Process.Start(Repository.Script(name), "--check");
            check.WaitForExit();
            if (check.ExitCode != 0)
            {
                Environment.ExitCode = 1;
                return false;
            }
        }

        return true;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
