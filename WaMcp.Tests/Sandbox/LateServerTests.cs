using WaMcp.Sandbox.Control;
using WaMcp.Tests.Infrastructure;

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
        var state = await Eventually.GetAsync("the state says what is missing", sandbox.StateAsync, now => now.Callback.LastError is not null);

        state.Callback.Verified.ShouldBeFalse();
        state.Callback.LastError!.ShouldContain("Sandbox:WhatsApp:CallbackUrl");
        (await sandbox.Http.GetAsync("/health")).EnsureSuccessStatusCode();
        (await sandbox.Http.GetAsync("/alive")).EnsureSuccessStatusCode();
        await Eventually.GetAsync("no webhook waits", sandbox.StateAsync, now => now.Webhooks.Pending == 0);
        (await sandbox.ChatAsync()).Single().Status.ShouldBe("read");
    }

    [Fact]
    public async Task DeliversWhatHasWaitedOnceTheServerIsThere()
    {
        await sandbox.ChangeAsync(new SandboxSettings { CallbackUrl = $"http://127.0.0.1:{FreePort.Next()}/webhooks/whatsapp" });
        var id = await sandbox.InboundAsync(new InboundOrder { Text = "Are you there?" });
        await Eventually.GetAsync("the webhook was tried in vain", sandbox.WebhooksAsync, deliveries => deliveries is [{ Attempts: > 1, LastStatus: null }]);
        (await sandbox.ChatAsync()).Single().Status.ShouldBe("waiting");

        await sandbox.ChangeAsync(new SandboxSettings { CallbackUrl = sandbox.Receiver.Url });
        await Eventually.GetAsync("the callback has passed the challenge", sandbox.StateAsync, state => state.Callback is { Verified: true });
        await sandbox.Receiver.MessageAsync(id);
        await Eventually.GetAsync("the message is delivered", () => sandbox.ChatAsync(), chat => chat.Single().Status == "delivered");
    }
}
