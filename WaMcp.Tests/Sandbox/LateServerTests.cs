using WaMcp.Sandbox.Control;

namespace WaMcp.Tests.Sandbox;

/// <summary>The sandbox is up before the server is.</summary>
public sealed class LateServerTests : IAsyncLifetime
{
    private readonly SandboxHost sandbox = new() { KnowsCallback = false };

    public Task InitializeAsync() => sandbox.InitializeAsync();

    public Task DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task StartsWithoutCallbackAndSaysWhatIsMissing()
    {
        (await sandbox.SendTextAsync("Nobody listens")).Wamid.ShouldNotBeEmpty();
        var state = await SandboxHost.EventuallyAsync(sandbox.StateAsync, now => now.Callback.LastError is not null);

        state.Callback.Verified.ShouldBeFalse();
        state.Callback.LastError!.ShouldContain("Sandbox:WhatsApp:CallbackUrl");
        (await sandbox.Http.GetAsync("/health")).EnsureSuccessStatusCode();
        (await sandbox.Http.GetAsync("/alive")).EnsureSuccessStatusCode();
        await SandboxHost.EventuallyAsync(sandbox.StateAsync, now => now.Webhooks.Pending == 0);
        (await sandbox.ChatAsync()).Single().Status.ShouldBe("read");
    }

    [Fact]
    public async Task DeliversWhatHasWaitedOnceTheServerIsThere()
    {
        var port = FreePort();
        await sandbox.ChangeAsync(new SandboxSettings { CallbackUrl = $"http://127.0.0.1:{port}/webhooks/whatsapp" });
        var id = await sandbox.InboundAsync(new InboundOrder { Text = "Are you there?" });
        await SandboxHost.EventuallyAsync(sandbox.WebhooksAsync, deliveries => deliveries is [{ Attempts: > 1, LastStatus: null }]);
        (await sandbox.ChatAsync()).Single().Status.ShouldBe("waiting");

        await sandbox.ChangeAsync(new SandboxSettings { CallbackUrl = sandbox.Receiver.Url });
        await SandboxHost.EventuallyAsync(sandbox.StateAsync, state => state.Callback is { Verified: true });
        await sandbox.Receiver.MessageAsync(id);
        await SandboxHost.EventuallyAsync(() => sandbox.ChatAsync(), chat => chat.Single().Status == "delivered");
    }

    /// <summary>A port that nothing listens on.</summary>
    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        socket.Start();
        return ((System.Net.IPEndPoint)socket.LocalEndpoint).Port;
    }
}
