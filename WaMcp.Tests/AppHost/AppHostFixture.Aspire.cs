using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace WaMcp.Tests.AppHost;

public sealed partial class AppHostFixture
{
    private DistributedApplication? system;

    private async Task StartSystemAsync()
    {
        using var timeout = new CancellationTokenSource(Patience.Long);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.WaMcp_AppHost>(
            [$"--data={data.Path}", "--ports=any"], timeout.Token);
        system = await builder.BuildAsync(timeout.Token);
        await system.StartAsync(timeout.Token);

        // endpoints.json is written a moment after the last program turned healthy.
        var notifications = system.Services.GetRequiredService<ResourceNotificationService>();
        foreach (var program in (string[])["sandbox", "server", "worker"])
        {
            await notifications.WaitForResourceHealthyAsync(program, timeout.Token);
        }

        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!File.Exists(data["endpoints.json"]))
        {
            await tick.WaitForNextTickAsync(timeout.Token);
        }
    }

    private async Task StopSystemAsync()
    {
        if (system is not null)
        {
            await system.DisposeAsync();
        }
    }
}
