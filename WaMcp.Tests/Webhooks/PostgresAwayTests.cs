using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

public sealed class PostgresAwayTests
{
    [Fact]
    public async Task WithoutPostgresNothingIsAcceptedNothingIsOpenAndItHealsByItself()
    {
        await using var postgres = await LocalPostgres.RunAsync();
        await using var system = await WaMcpSystem.StartAsync(postgres);
        var client = await system.Console.OnboardAsync();
        (await DeliverAsync(system)).ShouldBe(StatusCodes.Status200OK);

        await postgres.StopAsync();
        (await DeliverAsync(system)).ShouldBe(StatusCodes.Status503ServiceUnavailable, "the provider must deliver it again");
        var refused = await system.Mcp(client.Token).CallAsync("ping");
        refused.Status.ShouldBe(StatusCodes.Status401Unauthorized, "a key that cannot be checked opens nothing");
        refused.Error.GetProperty("message").GetString()!.ShouldContain("could not be checked just now");
        await Eventually.TrueAsync("the server says that it is not ready", async () =>
        {
            using var health = await system.Http.GetAsync(new Uri(system.Server, "/health"));
            return (int)health.StatusCode == StatusCodes.Status503ServiceUnavailable;
        });

        await postgres.StartAsync();
        await Eventually.TrueAsync("webhooks are accepted", async () => await DeliverAsync(system) == StatusCodes.Status200OK);
        await Eventually.TrueAsync("tools answer", async () => (await system.Mcp(client.Token).CallAsync("ping")).Status == StatusCodes.Status200OK);
        var text = $"after the return {Guid.NewGuid():N}";
        await system.Sandbox.WriteAsync(text);
        await Eventually.TrueAsync("the worker works again", async () =>
            await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE body = $1", text) == 1);
    }

    [Fact]
    public async Task AKeyThatIsKnownToBeCurrentIsAdmittedThoughItsUseCannotBeNoted()
    {
        await using var postgres = await LocalPostgres.RunAsync();
        var clock = new ManualClock(DateTimeOffset.UtcNow);
        await using var system = await WaMcpSystem.StartWithClockAsync(clock, postgres);
        var client = await system.Console.OnboardAsync();
        await Eventually.TrueAsync("admitted without Postgres", async () =>
        {
            // A change makes the server read the key again just before Postgres goes.
            await Eventually.TrueAsync("tools answer", async () => (await system.Mcp(client.Token).CallAsync("ping")).Status == StatusCodes.Status200OK);
            try
            {
                await system.Console.EnableAsync(client.Client, enabled: true);
            }
            catch (InvalidOperationException)
            {
                return false; // over a connection from before the last stop
            }

            (await system.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK);
            await postgres.StopAsync();
            clock.Now += TimeSpan.FromMinutes(1);
            if ((await system.Mcp(client.Token).CallAsync("ping")).Status == StatusCodes.Status200OK)
            {
                return true;
            }

            // In its first seconds a server counts in both stores; or the machine is so slow that what was read is too old already: once more.
            await postgres.StartAsync();
            return false;
        });
        system.Logs.Text.ShouldContain("The use of a key could not be noted");
    }

    private static async Task<int> DeliverAsync(WaMcpSystem system)
    {
        const string body = """{"object":"whatsapp_business_account","entry":[]}""";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(TestSecrets.AppSecret), Encoding.UTF8.GetBytes(body));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(system.Server, "/webhooks/whatsapp")) { Content = new StringContent(body) };
        request.Headers.Add("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(signature)}");
        using var response = await system.Http.SendAsync(request);
        return (int)response.StatusCode;
    }
}
