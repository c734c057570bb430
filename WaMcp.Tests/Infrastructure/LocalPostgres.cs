using System.Collections.Concurrent;
using Npgsql;

namespace WaMcp.Tests.Infrastructure;

/// <summary>
/// A Postgres cluster of the tests' own, from the installed binaries, on a free port that stays the same over stops and starts. Most
/// tests want a database of their own in the one that all share: <see cref="Shared"/>. Tests that stop or kill Postgres run their own.
/// </summary>
/// <param name="fsync">False trades durability for speed; never in a test about what survives.</param>
public sealed class LocalPostgres(bool fsync) : IAsyncLifetime, IAsyncDisposable
{
    public const string Owner = "postgres";

    private static readonly Lazy<Task<LocalPostgres>> SharedCluster = new(RunAsync);

    private readonly ConcurrentDictionary<string, Lazy<Task>> templates = new();
    private string? dataFolder;
    private ChildProcess? process;

    public LocalPostgres()
        : this(fsync: true)
    {
    }

    public int Port { get; } = FreePort.Next();

    /// <summary>The owner's password; every connection needs one (scram-sha-256), as in production.</summary>
    public static string OwnerPassword => PostgresBinaries.OwnerPassword;

    /// <summary>The cluster of this test run, started at first use. Never stop, freeze or kill it.</summary>
    public static Task<LocalPostgres> Shared() => SharedCluster.Value;

    public static async Task<LocalPostgres> RunAsync()
    {
        var postgres = new LocalPostgres();
        await postgres.StartAsync();
        return postgres;
    }

    public async Task StartAsync()
    {
        var binaries = await PostgresBinaries.FindAsync();
        dataFolder ??= await binaries.CreateClusterAsync();
        process = await binaries.StartAsync(dataFolder, Port, fsync);
    }

    /// <summary>A fast shutdown: connections are closed, everything committed is on disk.</summary>
    public async Task StopAsync()
    {
        if (process is { } running)
        {
            process = null;
            running.Continue();
            await running.StopAsync(Signal.Interrupt);
            await running.DisposeAsync();
        }
    }

    /// <summary>SIGKILL to every process of the cluster at once; <see cref="StartAsync"/> then recovers from the log.</summary>
    public async Task KillAsync()
    {
        await Running.DisposeAsync();
        process = null;
    }

    /// <summary>Connections stay open and nothing answers.</summary>
    public void Freeze() => Running.Freeze();

    public void Continue() => Running.Continue();

    public string ConnectionString(string database, string user = Owner, string? password = null)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Port,
            Database = database,
            Username = user,
            Password = password ?? OwnerPassword,
            IncludeErrorDetail = true,
        };
        return settings.ConnectionString;
    }

    /// <summary>A new database, optionally a copy of a template made by <see cref="CreateTemplateAsync"/>.</summary>
    /// <returns>The owner's connection string for it.</returns>
    public async Task<string> CreateDatabaseAsync(string? name = null, string template = "template1")
    {
        name ??= $"test_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE DATABASE {Quote(name)} TEMPLATE {Quote(template)}");
        return ConnectionString(name);
    }

    public Task DropDatabaseAsync(string name) => ExecuteAsync($"DROP DATABASE IF EXISTS {Quote(name)} WITH (FORCE)");

    /// <summary>
    /// Makes a database once per cluster, lets <paramref name="prepare"/> fill it (migrations, seed rows) over the owner's connection
    /// string it is given, and closes it to connections so that it can be copied. Calls for the same name share one making.
    /// </summary>
    public Task CreateTemplateAsync(string name, Func<string, Task> prepare) =>
        templates.GetOrAdd(name, _ => new Lazy<Task>(async () =>
        {
            var connectionString = await CreateDatabaseAsync(name);
            await prepare(connectionString);
            // Pools of whoever prepared it may still be connected, and a template must not be in use while it is copied.
            await ExecuteAsync($"ALTER DATABASE {Quote(name)} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true");
            await ExecuteAsync($"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'");
        })).Value;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (dataFolder is not null)
        {
            Directory.Delete(dataFolder, recursive: true);
            dataFolder = null;
        }
    }

    Task IAsyncLifetime.InitializeAsync() => StartAsync();

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    private ChildProcess Running =>
        process ?? throw new InvalidOperationException("This Postgres is not running: call StartAsync first.");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        // To drop a database waits for a checkpoint, and that for all that everybody writes just then.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 180 };
        await command.ExecuteNonQueryAsync();
    }

    private static string Quote(string identifier) => new NpgsqlCommandBuilder().QuoteIdentifier(identifier);
}
