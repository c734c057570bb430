using System.Diagnostics;

namespace WaMcp.AppHost;

/// <summary>
/// The Aspire dashboard as a program of its own, when it is installed; without it everything else runs on. On loopback, in
/// development, without a login.
/// </summary>
internal sealed class Dashboard
{
    private readonly ExecutableResource? process;
    private readonly string? url;

    public Dashboard(DataFolder data, Ports ports)
    {
        BuilderOptions = new DistributedApplicationOptions(data.Processes);
        if (!IsInstalled())
        {
            return;
        }

        url = Address("dashboard", 18888);
        var grpc = Address("telemetry", 18889);
        process = new ExecutableResource(
            "dashboard", Repository.Script("dashboard"), data.Options.Data, [url, grpc, Address("telemetry over http", 18890)])
        {
            IsOptional = true,
            HealthUrl = $"{url}/health",
        };
        BuilderOptions.Dashboard = process;
        BuilderOptions.TelemetryEndpoint = grpc;

        string Address(string name, int usual) => $"http://127.0.0.1:{ports.Choose(name, usual)}";
    }

    public DistributedApplicationOptions BuilderOptions { get; }

    public string? Url => process is { IsLost: false } ? url : null;

    // The script says in one line how to get it.
    private static bool IsInstalled()
    {
        using var check = Process.Start(Repository.Script("dashboard"), "--check");
        check.WaitForExit();
        return check.ExitCode == 0;
    }
}
