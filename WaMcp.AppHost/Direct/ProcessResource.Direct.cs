namespace WaMcp.AppHost.Direct;

/// <summary>One local process of the system: how it is started, what it waits for, and how one knows that it is healthy.</summary>
internal abstract class ProcessResource(string name, string command, string workingDirectory, IEnumerable<string> args) : IResourceWithEndpoints
{
    public string Name => name;

    public string Command => command;

    public string WorkingDirectory => workingDirectory;

    public List<string> Args { get; } = [.. args];

    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, EndpointReference> Endpoints { get; } = new(StringComparer.Ordinal);

    public HashSet<ProcessResource> WaitsForHealthy { get; } = [];

    public HashSet<ProcessResource> WaitsForCompletion { get; } = [];

    /// <summary>A process that others wait to complete: its end is its success.</summary>
    public bool RunsOnce { get; set; }

    /// <summary>The system is whole without it: when it cannot start, one line says so.</summary>
    public bool IsOptional { get; init; }

    /// <summary>An optional process that could not start.</summary>
    public bool IsLost { get; set; }

    /// <summary>Answers 200 when the program is healthy.</summary>
    public string? HealthUrl { get; set; }

    /// <summary>For what does not speak HTTP.</summary>
    public Func<CancellationToken, Task<bool>>? Readiness { get; set; }

    public EndpointReference GetEndpoint(string endpointName) =>
        Endpoints.TryGetValue(endpointName, out var endpoint)
            ? endpoint
            : throw new InvalidOperationException($"'{Name}' has no endpoint '{endpointName}' yet: declare it before its first use.");
}

/// <summary>Any executable.</summary>
internal sealed class ExecutableResource(string name, string command, string workingDirectory, IEnumerable<string> args)
    : ProcessResource(name, command, workingDirectory, args);

/// <summary>One of our programs, as it was built together with the AppHost.</summary>
internal sealed class ProjectResource(string name, string command, string workingDirectory, IEnumerable<string> args)
    : ProcessResource(name, command, workingDirectory, args);
