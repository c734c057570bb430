namespace WaMcp.Tests.AppHost;

public sealed partial class AppHostFixture
{
    private AppHostProcess? system;

    private async Task StartSystemAsync()
    {
        system = AppHostProcess.Start(data.Path, args: ["--ports", "any"]);
        await system.UpAsync();
    }

    private async Task StopSystemAsync()
    {
        if (system is not null)
        {
            await system.DisposeAsync();
        }
    }
}
