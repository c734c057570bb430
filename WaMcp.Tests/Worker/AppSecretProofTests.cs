using WaMcp.Domain.Channels;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Media;

namespace WaMcp.Tests.Worker;

/// <summary>While an app secret is being rotated, here and at the provider, nobody knows which of the two the provider takes; nothing is lost by that.</summary>
public sealed class AppSecretProofTests : IAsyncLifetime
{
    private const string Person = "15550100177";

    private readonly (string Old, string Next, string Unknown) secret = (OwnApps.Secret(), OwnApps.Secret(), OwnApps.Secret());
    private WaMcpSystem system = null!;
    private OwnApps apps = null!;
    private Channel channel = null!;
    private McpDriver mcp = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartAsync();
        apps = new OwnApps(system);
        channel = await apps.AddAsync(ConsoleDriver.SupportNumber, secret.Old, account: WebhookDriver.Account, token: TestSecrets.AccessToken);
        var client = await apps.GrantAsync(channel);
        mcp = system.Mcp((await system.Console.MintAsync(client, [.. ConsoleDriver.AllTools.Select(tool => $"tools:{tool}"), $"numbers:{channel.Id}"])).Token);
        var written = WebhookDriver.Envelope(("messages", WebhookDriver.Value(ConsoleDriver.SupportNumber, [WebhookDriver.Text("hello", Person, at: DateTimeOffset.UtcNow)])));
        (await new WebhookDriver(system).PostAsync(written.ToJsonString(), secret.Old)).ShouldBe(200);
        await new WebhookDriver(system).DoneAsync();
        await system.Sandbox.SettingsAsync(new { enforceWindow = false, proofSecret = secret.Old });
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public async Task WhicheverSecretTheProviderTakesMessagesAreSentAndOnce()
    {
        await SentAsync(await SendAsync("before"), requests: 1);

        await apps.RotateAsync(channel, secret.Next); // the provider does not know it yet
        await SentAsync(await SendAsync("the provider has the old one"), requests: 2);
        await SentAsync(await SendAsync("and that is known now"), requests: 1);
        await mcp.ResultAsync("list_templates", new { channel = channel.Name }); // another program finds out for itself

        await system.Sandbox.SettingsAsync(new { proofSecret = secret.Next });
        await SentAsync(await SendAsync("the provider has the new one"), requests: 2);
        await SentAsync(await SendAsync("and that too"), requests: 1);
        (await system.QueryAsync<long>("SELECT count(*) FROM channels WHERE stopped_at IS NOT NULL")).ShouldBe(0);
    }

    [Fact]
    public async Task IfItTakesNeitherTheNumberStopsAndTheMessageWaits()
    {
        await apps.RotateAsync(channel, secret.Next);
        await system.Sandbox.SettingsAsync(new { proofSecret = secret.Unknown });

        var id = await SendAsync("whose proof is refused");

        await Eventually.TrueAsync("stopped", async () => await system.QueryAsync<string>("SELECT stopped_reason FROM channels") == "credential_invalid:100");
        (await system.QueryAsync<string>("SELECT state FROM messages WHERE direction = 'Outbound'")).ShouldBe("Queued");
        (await mcp.CallAsync("list_templates", new { channel = channel.Name })).Body.ShouldContain("app secret");

        await apps.RotateAsync(channel, secret.Unknown);
        await system.Console.RunAsync((ResumeChannel verb) => verb.ExecuteAsync(channel.Name, default));
        await SentAsync(id, requests: 3);
    }

    [Fact]
    public async Task AFileIsUploadedOnceTheOtherSecretIsKnownToFit()
    {
        await apps.RotateAsync(channel, secret.Next);
        await mcp.ResultAsync("send_media", new { channel = channel.Name, to = Person, type = "image", data = Convert.ToBase64String(FilesOf.Png) });

        await Eventually.TrueAsync("sent at the next attempt", async () =>
        {
            await system.QueryAsync<object>("UPDATE jobs SET run_at = now() WHERE lease_id IS NULL"); // which is seconds later
            return await system.QueryAsync<string>("SELECT state FROM messages WHERE direction = 'Outbound'") == "Sent";
        });
        (await system.Sandbox.UploadsAsync()).Count.ShouldBe(2);
        (await system.QueryAsync<long>("SELECT count(*) FROM channels WHERE stopped_at IS NOT NULL")).ShouldBe(0);
    }

    private async Task<string> SendAsync(string text) =>
        (await mcp.ResultAsync("send_message", new { channel = channel.Name, to = Person, text })).GetProperty("messageId").GetString()!;

    private async Task SentAsync(string id, int requests)
    {
        await Eventually.TrueAsync("sent", async () => await system.QueryAsync<string>(
            "SELECT state FROM messages WHERE id = $1", Domain.Data.TypedId.TryParse<Domain.Messages.MessageId>(id, out var parsed) ? parsed.Value : default) == "Sent");
        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(requests);
    }
}
