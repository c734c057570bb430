namespace WaMcp.Tests.AppHost;

/// <summary>
/// The whole system, started once for the tests of a collection, on a data folder of its own and on any free ports. The halves only
/// differ in how it is started: Aspire's testing builder, or the built AppHost as a process.
/// </summary>
public sealed partial class AppHostFixture : IAsyncLifetime
{
    private readonly DataFolder data = new();
    private Dictionary<string, string?> endpoints = [];

    public string ServerUrl => endpoints["server"]!;

    public string SandboxUrl => endpoints["sandbox"]!;

    /// <summary>Null when the dashboard is not installed, and under Aspire's testing builder, which leaves it out.</summary>
    public string? DashboardUrl => endpoints["dashboard"];

    /// <summary>As <c>wa_app</c>, for libpq.</summary>
    public string PostgresUrl => endpoints["postgres"]!;

    /// <summary>As <c>wa_app</c>, for Npgsql.</summary>
    public string ConnectionString
    {
        get
        {
            var url = new Uri(PostgresUrl);
            var login = url.UserInfo.Split(':');
            return $"Host={url.Host};Port={url.Port};Database={url.AbsolutePath[1..]};Username={login[0]};Password={login[1]}";
        }
    }

    /// <summary>For StackExchange.Redis.</summary>
    public string RedisConfiguration => new Uri(endpoints["redis"]!).Authority;

    public string SecretsDirectory => data.Secrets;

    /// <summary>In place of <c>.wamcp</c>: the scripts in ops take it as <c>WAMCP_DATA</c>.</summary>
    public string DataDirectory => data.Path;

    public async Task StartAsync()
    {
        await StartSystemAsync();
        endpoints = data.Endpoints();
    }

    public Task StopAsync() => StopSystemAsync();

    /// <summary>The operators' console against this system.</summary>
    public Task<(int ExitCode, string Output, string Errors)> AdminAsync(params string[] args) =>
        OpsScript.RunAsync("admin", DataDirectory, args);

    /// <summary>What the dashboard has received, as OTLP JSON.</summary>
    public async Task<string> TracesAsync()
    {
        using var http = new HttpClient();
        return await http.GetStringAsync($"{DashboardUrl}/api/telemetry/traces?limit=2000");
    }

    public Task InitializeAsync() => StartAsync();

    public async Task DisposeAsync()
    {
        await StopAsync();
        data.Delete();
    }
}
