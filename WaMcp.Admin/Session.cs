using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StackExchange.Redis;
using WaMcp.Domain;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Admin;

/// <summary>What one command needs: configuration, the domain's verbs in one scope, the operator's name. Built at first use.</summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly Lazy<IConfiguration> configuration;
    private readonly Lazy<ServiceProvider> services;
    private readonly Lazy<AsyncServiceScope> scope;

    /// <summary>Prepares it; nothing is read or connected yet.</summary>
    /// <param name="read">Reads the configuration.</param>
    /// <param name="tell">Takes a line about what the operator is waiting for.</param>
    public Session(Func<IConfiguration> read, Action<string> tell)
    {
        configuration = new(read);
        services = new(() => Build(configuration.Value, tell));
        scope = new(() => services.Value.CreateAsyncScope());
    }

    /// <summary>Which Postgres this session talked to, for the words of an error; null before it did.</summary>
    public PostgresAddress? Postgres { get; private set; }

    /// <summary>A verb of the domain, or the database.</summary>
    public T Get<T>()
        where T : notnull => scope.Value.ServiceProvider.GetRequiredService<T>();

    /// <summary>The connection string of that name.</summary>
    /// <exception cref="Fault"><c>misconfigured</c>: it is missing or unreadable.</exception>
    public string ConnectionString(string name)
    {
        Postgres = PostgresAddress.Read(configuration.Value, name, out var text);
        return text;
    }

    public async ValueTask DisposeAsync()
    {
        if (scope.IsValueCreated)
        {
            await scope.Value.DisposeAsync();
        }

        if (services.IsValueCreated)
        {
            await services.Value.DisposeAsync();
        }
    }

    private ServiceProvider Build(IConfiguration settings, Action<string> tell)
    {
        var collection = new ServiceCollection();
        collection.AddSingleton(settings);
        collection.AddSingleton(_ => Connect(ConnectionString("wamcp")));
        collection.AddDbContext<WaMcpDbContext>((provider, options) => options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()));
        collection.AddSingleton<IConnectionMultiplexer>(_ => ConnectRedis(settings));
        collection.AddWaMcpDomain().AddOperatorVerbs(WhoWorks(settings) with { Tell = tell });
        return collection.BuildServiceProvider();
    }

    private static NpgsqlDataSource Connect(string connectionString)
    {
        var source = new NpgsqlDataSourceBuilder(connectionString);
        source.ConnectionStringBuilder.ApplicationName ??= "WaMcp.Admin";
        if (!connectionString.Contains("gss", StringComparison.OrdinalIgnoreCase))
        {
            // Where Kerberos is not installed, the runtime complains about the attempt on standard error: the token's place.
            source.ConnectionStringBuilder.GssEncryptionMode = GssEncryptionMode.Disable;
        }

        return source.Build();
    }

    // Only to tell the servers what changed: they are told in another way when Redis is away, so that stops no command.
    private static ConnectionMultiplexer ConnectRedis(IConfiguration settings) => ConnectionMultiplexer.Connect(
        $"abortConnect=false,connectRetry=1,connectTimeout=1000,{settings.GetConnectionString("redis")
            ?? throw new InvalidOperationException("ConnectionStrings:redis is not set.")}");

    // Under sudo the process is root's; the audit row should name the person.
    private static Operator WhoWorks(IConfiguration settings) => new(
        settings["SUDO_USER"] is { Length: > 0 } person ? person : Environment.UserName,
        Guid.CreateVersion7().ToString("N"));
}
