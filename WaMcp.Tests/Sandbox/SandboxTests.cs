namespace WaMcp.Tests.Sandbox;

/// <summary>One sandbox for the tests of a class, reset before each.</summary>
public abstract class SandboxTests(SandboxHost sandbox) : IClassFixture<SandboxHost>, IAsyncLifetime
{
    protected SandboxHost Sandbox { get; } = sandbox;

    public Task InitializeAsync() => Sandbox.ResetAsync();

    public Task DisposeAsync() => Task.CompletedTask;
}
