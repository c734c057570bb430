namespace WaMcp.AppHost.Direct;

/// <summary>The diagram.</summary>
internal interface IDistributedApplicationBuilder
{
    IResourceBuilder<ProjectResource> AddProject<TProject>(string name)
        where TProject : IProjectMetadata, new();

    IResourceBuilder<ExecutableResource> AddExecutable(string name, string command, string workingDirectory, params string[] args);

    IResourceBuilder<ConnectionStringResource> AddConnectionString(string name, ReferenceExpression value);

    /// <summary>Calls <paramref name="healthy"/> once when everything is, and <paramref name="stopping"/> when the stop begins.</summary>
    void WhenHealthy(
        IReadOnlyList<IResourceBuilder<IResource>> programs, Func<CancellationToken, Task> healthy, Action stopping);

    DistributedApplication Build();
}
