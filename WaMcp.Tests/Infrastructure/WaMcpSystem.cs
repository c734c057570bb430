using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using WaMcp.Domain.Tenancy;
using WaMcp.Sandbox;
using WaMcp.Server;
using WaMcp.Tests.Data;
using WaMcp.Tests.Drivers;
using WaMcp.Worker;

namespace WaMcp.Tests.Infrastructure;

/// <summary>
/// Server, worker and sandbox on real ports in this process, over a database of their own in the shared Postgres and a Redis of their
/// own. Tests drive it from outside; in-process so that coverage counts.
/// </summary>
internal sealed class WaMcpSystem : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> owned = [];
    private readonly ContractGate contract = new();
    private (string Key, string? Value)[] settingsOfAll = [];
    private TimeProvider? clock;
    private NpgsqlDataSource? asOwner;

    public MigratedDatabase Database { get; private set; } = null!;

    public LocalRedis Redis { get; private set; } = null!;

    public Uri Server { get; private set; } = null!;

    public Uri SandboxAddress { get; private set; } = null!;

    public WebApplication ServerApplication { get; private set; } = null!;

    public WebApplication WorkerApplication { get; private set; } = null!;

    public ConsoleDriver Console { get; private set; } = null!;

    public SandboxDriver Sandbox { get; private set; } = null!;

    /// <summary>Where the Worker archives audit rows.</summary>
    public string ArchiveFolder { get; } = RunFolder.Create("archive");

    /// <summary>Where clients' files are.</summary>
    public string MediaFolder { get; } = RunFolder.Create("media");

    public HttpClient Http { get; } = new();

    /// <summary>What all programs logged, for tests that search it for secrets.</summary>
    public LogLines Logs { get; } = new();

    /// <summary>The server as a process; null when it runs in this one.</summary>
    public ProgramProcess? ServerProcess { get; private set; }

    /// <summary>The worker as a process; null when it runs in this one.</summary>
    public ProgramProcess? WorkerProcess { get; private set; }

    /// <summary>Everything in this process.</summary>
    public static Task<WaMcpSystem> StartAsync(LocalPostgres? postgres = null, params (string Key, string? Value)[] settings) =>
        StartAsync(postgres, asProcesses: false, null, settings);

    /// <summary>Everything in this process, by another clock.</summary>
    public static Task<WaMcpSystem> StartWithClockAsync(
        TimeProvider clock, LocalPostgres? postgres = null, params (string Key, string? Value)[] settings) =>
        StartAsync(postgres, asProcesses: false, clock, settings);

    /// <summary>Server and worker as processes of their own, to be killed.</summary>
    public static Task<WaMcpSystem> StartProcessesAsync(LocalPostgres? postgres = null, params (string Key, string? Value)[] settings) =>
        StartAsync(postgres, asProcesses: true, null, settings);

    /// <summary>Another replica of the server, as a process, over the same stores.</summary>
    public Task<ProgramProcess> AddServerProcessAsync() => LaunchAsync("WaMcp.Server", FreePort.Next(), settingsOfAll);

    /// <summary>Another worker, as a process, over the same stores.</summary>
    public Task<ProgramProcess> AddWorkerProcessAsync() => LaunchAsync("WaMcp.Worker", FreePort.Next(), settingsOfAll);

    /// <summary>The same in this process, by this system's clock.</summary>
    public async Task<Uri> AddServerAsync() => Address(await RunAsync("WaMcp.Server", ServerApp.Build, 0, settingsOfAll));

    private static async Task<WaMcpSystem> StartAsync(
        LocalPostgres? postgres, bool asProcesses, TimeProvider? clock, (string Key, string? Value)[] settings)
    {
        var system = new WaMcpSystem { Database = await MigratedDatabase.CreateAsync(postgres), Redis = await LocalRedis.RunAsync(), clock = clock };
        system.asOwner = NpgsqlDataSource.Create(system.Database.Owner);
        system.owned.Add(system.asOwner);
        system.owned.Add(system.Redis);
        var serverPort = FreePort.Next();
        system.Server = new Uri($"http://127.0.0.1:{serverPort}");
        (string, string?)[] all =
        [
            ("Sandbox:WhatsApp:CallbackUrl", $"{system.Server}webhooks/whatsapp"),
            ("ConnectionStrings:wamcp", system.Database.App),
            ("ConnectionStrings:redis", system.Redis.ConnectionString),
            ("RateLimit:RedisPatience", "00:00:02"), // a machine that is busy with all tests is no Redis that is away
            ("ConnectionStrings:archiver", system.Database.For(MigratedDatabase.ArchiverRole)),
            ("AuditArchive:Folder", system.ArchiveFolder),
            ("Media:Folder", system.MediaFolder),
            ("Duties:LookEvery", "00:00:00.2"),
            ("Duties:At", DateTimeOffset.UtcNow.AddHours(12).ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture)), // not while a test runs
            .. settings,
        ];
        var sandbox = await system.RunAsync("WaMcp.Sandbox", system.SandboxByTheContract, 0, all);
        system.SandboxAddress = Address(sandbox);
        system.Sandbox = new SandboxDriver(system.SandboxAddress);
        all = [.. all, ("WhatsApp:GraphUrl", system.SandboxAddress.ToString())];
        system.settingsOfAll = all;
        if (asProcesses)
        {
            system.ServerProcess = await system.LaunchAsync("WaMcp.Server", serverPort, all);
            system.WorkerProcess = await system.LaunchAsync("WaMcp.Worker", FreePort.Next(), all);
        }
        else
        {
            system.ServerApplication = await system.RunAsync("WaMcp.Server", ServerApp.Build, serverPort, all);
            system.WorkerApplication = await system.RunAsync("WaMcp.Worker", WorkerApp.Build, 0, all);
        }

        system.Console = new ConsoleDriver(system.Database.App, system.Redis.ConnectionString);
        return system;
    }

    /// <summary>An MCP client's view of the server, with this key.</summary>
    public McpDriver Mcp(string? token, string? userAgent = null, string? forwardedFor = null) =>
        new(new Uri(Server, "/mcp"), token) { UserAgent = userAgent, ForwardedFor = forwardedFor };

    /// <summary>The same of another replica.</summary>
    public static McpDriver Mcp(string? token, Uri server) => new(new Uri(server, "/mcp"), token);

    /// <summary>Waits until this server counts calls in Redis alone: just after its start it counts in Postgres as well.</summary>
    public async Task CountsInRedisAsync(Uri server)
    {
        var somebody = await Console.OnboardAsync(rpm: 10_000);
        await Eventually.TrueAsync("calls are counted in Redis alone", async () =>
        {
            var before = await CountedAsync();
            (await Mcp(somebody.Token, server).CallAsync("ping")).Status.ShouldBe(200);
            return await CountedAsync() == before;
        });

        Task<long> CountedAsync() => QueryAsync<long>(
            "SELECT coalesce(sum(count), 0)::bigint FROM rate_limit_buckets WHERE subject = $1", $"rpm:{{{somebody.Client.Id}}}:{somebody.Key.Id}");
    }

    /// <summary>Asks the database as its owner, whom no policy hides anything from.</summary>
    public async Task<T?> QueryAsync<T>(string sql, params object[] parameters)
    {
        await using var command = asOwner!.CreateCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.AddWithValue(parameter);
        }

        return await command.ExecuteScalarAsync() is { } value and not DBNull ? (T)value : default;
    }

    /// <summary>The actions in the audit log of one client, in order, once it has so many rows of the last action.</summary>
    public Task<string[]> AuditAsync(ClientId client, string action, int atLeast = 1) => Eventually.GetAsync(
        $"{atLeast} audit rows {action}",
        async () => await QueryAsync<string[]>("SELECT array_agg(action ORDER BY id) FROM audit_log WHERE client_id = $1", client.Value) ?? [],
        actions => actions.Count(each => each == action) >= atLeast);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        foreach (var each in Enumerable.Reverse(owned))
        {
            if (each is WebApplication program)
            {
                await program.StopAsync();
            }

            await each.DisposeAsync();
        }

        contract.Faults.ShouldBeEmpty("Requests that Meta's contract does not know.");
    }

    private WebApplication SandboxByTheContract(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IStartupFilter>(contract);
        return SandboxApp.Build(builder);
    }

    private static Uri Address(WebApplication app) =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    private async Task<WebApplication> RunAsync(
        string name, Func<WebApplicationBuilder, WebApplication> build, int port, (string Key, string? Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = name,
            EnvironmentName = "Development", // where every registration is validated
        });
        builder.Configuration.AddInMemoryCollection(Configuration(settings));
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        if (clock is not null)
        {
            builder.Services.AddSingleton(clock);
        }

        builder.Logging.ClearProviders().AddProvider(Logs);
        var app = build(builder);
        await app.StartAsync();
        owned.Add(app);
        return app;
    }

    // The tests' secrets and this system's settings; null takes a secret away.
    private static Dictionary<string, string?> Configuration((string Key, string? Value)[] settings) => TestSecrets.Settings
        .Select(secret => (secret.Key, secret.Value)).Concat(settings).GroupBy(setting => setting.Key)
        .Select(group => group.Last()).Where(setting => setting.Value is not null)
        .ToDictionary(setting => setting.Key, setting => setting.Value);

    private async Task<ProgramProcess> LaunchAsync(string name, int port, (string Key, string? Value)[] settings)
    {
        var program = new ProgramProcess(name, port, Configuration(settings));
        owned.Add(program);
        await program.StartAsync();
        return program;
    }
}
