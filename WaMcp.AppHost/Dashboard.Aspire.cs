namespace WaMcp.AppHost;

/// <summary>
/// Aspire's own dashboard. It asks for its addresses before the builder exists, usually in launchSettings.json; here they are chosen,
/// so that a busy port is avoided. On loopback, in development, without a login.
/// </summary>
internal sealed class Dashboard
{
    private readonly string url;

    public Dashboard(DataFolder data, Ports ports)
    {
        var options = data.Options;
        url = $"http://127.0.0.1:{ports.Choose("dashboard", 18888)}";
        string[] settings =
        [
            "--environment=Development",
            $"--ASPNETCORE_URLS={url}",
            $"--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL=http://127.0.0.1:{ports.Choose("telemetry", 18889)}",
            "--ASPIRE_ALLOW_UNSECURED_TRANSPORT=true",
            "--ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS=true",
            // The AppHost ends when nothing of the system is left, not some time before.
            "--DcpPublisher:WaitForResourceCleanup=true",
        ];
        string[] containers = options.LocalStores || ContainerRuntime.Name is null
            ? []
            : [$"--dcp-container-runtime={ContainerRuntime.Name}"];

        BuilderOptions = new DistributedApplicationOptions
        {
            Args = [.. settings, .. containers, .. options.Args],
            AllowUnsecuredTransport = true,
            // What programs print comes to this terminal too, as on the Direct half.
            EnableResourceLogging = true,
            // A trusted development certificate would otherwise turn Redis into TLS, and its address with it.
            DeveloperCertificateDefaultHttpsTerminationEnabled = false,
        };
    }

    public DistributedApplicationOptions BuilderOptions { get; }

    /// <summary>Null when a test switched the dashboard off.</summary>
    public string? Url => BuilderOptions.DisableDashboard ? null : url;
}
