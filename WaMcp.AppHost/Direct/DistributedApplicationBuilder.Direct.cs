using System.Runtime.InteropServices;

namespace WaMcp.AppHost.Direct;

internal sealed class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly DistributedApplicationOptions options;
    private readonly List<ProcessResource> processes = [];
    private Func<CancellationToken, Task> healthy = _ => Task.CompletedTask;
    private Action stopping = () => { };

    public DistributedApplicationBuilder(DistributedApplicationOptions options)
    {
        this.options = options;
        if (options.Dashboard is not null)
        {
            processes.Add(options.Dashboard);
        }
    }

    /// <remarks>Built together with the AppHost, in the same configuration, so it stands beside it: artifacts/bin/PROJECT/CONFIGURATION.</remarks>
    public IResourceBuilder<ProjectResource> AddProject<TProject>(string name)
        where TProject : IProjectMetadata, new()
    {
        var project = new TProject().ProjectName;
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var program = Path.Combine(own.Parent!.Parent!.FullName, project, own.Name, $"{project}.dll");
        var resource = new ProjectResource(name, Dotnet(), Path.Combine(Repository.Root, project), [program]);
        resource.Environment["Logging__Console__FormatterName"] = "simple";
        resource.Environment["Logging__Console__FormatterOptions__SingleLine"] = "true"; // each line gets a prefix here
        TellAboutTelemetry(resource);
        return Add(resource);
    }

    public IResourceBuilder<ExecutableResource> AddExecutable(string name, string command, string workingDirectory, params string[] args) =>
        Add(new ExecutableResource(name, command, workingDirectory, args));

    public IResourceBuilder<ConnectionStringResource> AddConnectionString(string name, ReferenceExpression value) =>
        new ResourceBuilder<ConnectionStringResource>(this, new ConnectionStringResource(name, value));

    // Here everything is waited for, these programs among it.
    public void WhenHealthy(
        IReadOnlyList<IResourceBuilder<IResource>> programs, Func<CancellationToken, Task> healthy, Action stopping)
    {
        this.healthy = healthy;
        this.stopping = stopping;
    }

    public DistributedApplication Build() => new(processes, options.Ledger, healthy, stopping);

    private ResourceBuilder<T> Add<T>(T process)
        where T : ProcessResource
    {
        processes.Add(process);
        return new ResourceBuilder<T>(this, process);
    }

    // What Aspire sets for a program in development, so that the dashboard shows a trace within a second.
    private void TellAboutTelemetry(ProjectResource program)
    {
        program.Environment["OTEL_SERVICE_NAME"] = program.Name;
        if (options.TelemetryEndpoint is null)
        {
            return;
        }

        program.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = options.TelemetryEndpoint;
        program.Environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";
        program.Environment["OTEL_BSP_SCHEDULE_DELAY"] = "1000";
        program.Environment["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
        program.Environment["OTEL_METRIC_EXPORT_INTERVAL"] = "1000";
        program.Environment["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based";
    }

    // The host of the runtime that runs this, whatever PATH says: RUNTIME_ROOT/shared/Microsoft.NETCore.App/VERSION is two levels in.
    private static string Dotnet() =>
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
}
