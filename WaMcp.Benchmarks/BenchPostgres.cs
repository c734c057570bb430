using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Npgsql;
using WaMcp.Domain.Data;

namespace WaMcp.Benchmarks;

/// <summary>A Postgres of the benchmark's own, migrated, by the same script that development uses; its data goes with it.</summary>
internal sealed class BenchPostgres : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("wamcp-bench-").FullName;
    private readonly string password = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly int port;
    private readonly Process process;

    private BenchPostgres(IReadOnlyDictionary<string, string>? environment)
    {
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        var passwordFile = Path.Combine(folder, "password");
        File.WriteAllText(passwordFile, password);
        var start = new ProcessStartInfo(
            Path.Combine(Root, "ops", "local", "postgres"),
            [Path.Combine(folder, "data"), port.ToString(CultureInfo.InvariantCulture), passwordFile])
        {
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => Heard?.Invoke(line.Data ?? "");
        process.BeginErrorReadLine();
    }

    /// <summary>Gets every line of the server's log.</summary>
    public Action<string>? Heard { get; set; }

    /// <summary>The server's process; its connections are its children.</summary>
    public int ProcessId => process.Id;

    public string Owner => ConnectionString("postgres");

    public string App => ConnectionString("wa_app");

    public static Task<BenchPostgres> StartAsync(CancellationToken cancellationToken) => StartAsync(null, cancellationToken);

    /// <summary>With more environment variables for Postgres.</summary>
    public static async Task<BenchPostgres> StartAsync(IReadOnlyDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        var postgres = new BenchPostgres(environment);
        var settings = new Dictionary<string, string?>
        {
            ["ConnectionStrings:owner"] = postgres.Owner,
            ["wa_app_password"] = postgres.password,
            ["wa_audit_archiver_password"] = postgres.password,
        };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        await new MigrateDatabase(configuration, TimeProvider.System).ExecuteAsync(new Progress<string>(), cancellationToken);
        return postgres;
    }

    /// <summary>Runs a statement as the owner.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(Owner);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        using (var stop = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await stop.WaitForExitAsync();
        }

        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The checkout.</summary>
    public static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "WaMcp.sln")))
            {
                folder = folder.Parent ?? throw new InvalidOperationException("This is not inside a checkout of WaMcp.");
            }

            return folder.FullName;
        }
    }

    private string ConnectionString(string user) =>
        $"Host=127.0.0.1;Port={port};Database=wamcp;Username={user};Password={password};GssEncryptionMode=Disable";
}
