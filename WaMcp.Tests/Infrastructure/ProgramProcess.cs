namespace WaMcp.Tests.Infrastructure;

/// <summary>One of our programs as a process of its own, for tests that kill or freeze it.</summary>
/// <param name="name">The project.</param>
/// <param name="port">Where it listens; the same after a restart.</param>
/// <param name="settings">Its configuration, as environment variables.</param>
internal sealed class ProgramProcess(string name, int port, IReadOnlyDictionary<string, string?> settings) : IAsyncDisposable
{
    private ChildProcess? process;

    public Uri Address { get; } = new($"http://127.0.0.1:{port}");

    /// <summary>A program of ours as it stands beside these tests, for <c>dotnet</c>: that copy counts towards coverage.</summary>
    public static string Built(string name) => Path.Combine(AppContext.BaseDirectory, $"{name}.dll");

    public async Task StartAsync()
    {
        var environment = settings.ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value);
        environment["ASPNETCORE_URLS"] = Address.ToString();
        environment["DOTNET_ENVIRONMENT"] = "Development"; // where every registration is validated
        process = await ChildProcess.StartAsync(
            "dotnet", [Built(name)], line => line.Contains("Application started", StringComparison.Ordinal), environment: environment);
    }

    public bool HasExited => process!.HasExited;

    /// <summary>SIGTERM, and waits: everything is finished.</summary>
    public Task StopAsync() => process!.StopAsync();

    /// <summary>SIGKILL: nothing is finished, nothing is flushed.</summary>
    public Task KillAsync() => process!.KillAsync();

    public void Freeze() => process!.Freeze();

    public void Continue() => process!.Continue();

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }
    }
}
