namespace WaMcp.AppHost;

/// <content>Local processes; what they need is checked before anything starts.</content>
internal static partial class Stores
{
    public static bool CanRun(LaunchOptions _) => AreInstalled();

    public static IResourceBuilder<IResourceWithEndpoints> AddPostgresStore(
        this IDistributedApplicationBuilder builder, string name, DataFolder data, DevelopmentSecrets secrets, int port) =>
        builder.AddLocalPostgres(name, data, secrets, port);

    public static IResourceBuilder<IResourceWithEndpoints> AddRedisStore(
        this IDistributedApplicationBuilder builder, string name, DataFolder data, int port) =>
        builder.AddLocalRedis(name, data, port);
}
