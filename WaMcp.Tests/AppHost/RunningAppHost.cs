namespace WaMcp.Tests.AppHost;

/// <summary>One system for all tests of a class that only look at it or disturb single programs.</summary>
public sealed class RunningAppHost : IAsyncLifetime
{
    internal DataFolder Data { get; } = new();

    internal AppHostProcess Process { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Process = AppHostProcess.Start(Data.Path, args: ["--ports", "any"]);
        await Process.UpAsync();
    }

    public async Task DisposeAsync()
    {
        await Process.DisposeAsync();
        Data.Delete();
    }
}
