using WaMcp.Tests.Admin;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Docs;

/// <summary>docs/operations/client-onboarding.md, line by line against a running system.</summary>
public sealed class ClientOnboardingTests
{
    [Fact]
    public async Task EveryLineOfTheRunbookDoesWhatItSays()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var console = AdminConsole.Of(system, RunFolder.Create("secrets"));
        console.Settings["api_key_pepper"] = TestSecrets.Pepper;
        await console.DoAsync("channels", "add", "--name", "support", "--phone-number-id", ConsoleDriver.SupportNumber, "--display-phone", "+1 555 010 0001");
        await console.DoAsync("channels", "add", "--name", "sales", "--phone-number-id", ConsoleDriver.SalesNumber, "--display-phone", "+1 555 010 0002");
        using var shell = new OperatorShell(console.Settings, ("url", new Uri(system.Server, "/mcp").ToString()));

        await Runbook.Read(Path.Combine(Repository.Root, "docs", "operations", "client-onboarding.md")).RunAsync(shell.RunAsync);
    }
}
