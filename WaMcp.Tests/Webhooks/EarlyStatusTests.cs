using System.Text.Json.Nodes;
using Npgsql;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Webhooks;

/// <summary>Statuses that do not say our own id of the message, and come before the provider's was written down.</summary>
public sealed class EarlyStatusTests
{
    [Theory]
    [InlineData("failed", "failed")]
    [InlineData("read", "sent", "delivered", "read")]
    public async Task AStatusThatIsFasterThanTheAnswerIsAppliedWithIt(string end, params string[] statuses)
    {
        await using var system = await WaMcpSystem.StartAsync();
        await system.Sandbox.SettingsAsync(new { echo = false, statuses, responseDelayMs = 2_000 });
        var talk = await Talk.OpenAsync(system);
        var sent = (await talk.SendAsync("send_message", new { text = "hello" })).GetProperty("messageId").GetString()!;
        await Eventually.TrueAsync("it is on its way", async () => await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE state = 'Sending'") == 1);
        await using (var holds = await HoldAsync(system))
        {
            await Eventually.TrueAsync("its statuses are here", async () => await system.QueryAsync<long>("SELECT count(*) FROM early_statuses") == statuses.Length);
            (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE state = 'Sending'")).ShouldBe(1);
        }

        await MessageTests.StateAsync(talk.Mcp, sent, end);
        await Eventually.TrueAsync("none is left", async () => await system.QueryAsync<long>("SELECT count(*) FROM early_statuses") == 0);
    }

    [Fact]
    public async Task AStatusThatComesLaterNeedsNoEcho()
    {
        await using var system = await WaMcpSystem.StartAsync();
        await system.Sandbox.SettingsAsync(new { echo = false });
        var talk = await Talk.OpenAsync(system);
        var sent = (await talk.SendAsync("send_message", new { text = "hello" })).GetProperty("messageId").GetString()!;
        await MessageTests.StateAsync(talk.Mcp, sent, "read");
    }

    [Fact]
    public async Task AStatusOfAMessageThatAPersonWroteChangesNothing()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var webhooks = new WebhookDriver(system);
        await system.Console.OnboardAsync();
        var original = WebhookDriver.Text("the message", null, WebhookDriver.User());
        var (id, user) = (original["id"]!.GetValue<string>(), original["from_user_id"]!.GetValue<string>());
        await webhooks.WriteAsync(WebhookDriver.Message(
            $$$"""{"type":"edit","edit":{"original_message_id":"{{{id}}}","message":{"type":"text","text":{"body":"edited"} } } }""", null, user));
        await webhooks.DeliverAsync(WebhookDriver.Envelope(("messages", WebhookDriver.Value(ConsoleDriver.SupportNumber, statuses: [new JsonObject
        {
            ["id"] = id, ["status"] = "sent", ["timestamp"] = WebhookDriver.Seconds(WebhookDriver.Moment()), ["recipient_user_id"] = user,
        }]))));
        await webhooks.DoneAsync();
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE sent_at IS NULL")).ShouldBe(1);

        await webhooks.WriteAsync(original);
        await webhooks.DoneAsync();
        (await system.QueryAsync<string>("SELECT concat(body, ' ', state, ' ', sent_at IS NOT NULL) FROM messages")).ShouldBe("edited Received t");
    }

    private static async Task<NpgsqlConnection> HoldAsync(WaMcpSystem system)
    {
        var connection = new NpgsqlConnection($"{system.Database.Owner};Pooling=false");
        await connection.OpenAsync();
        await using var hold = new NpgsqlCommand("BEGIN; SELECT FROM messages WHERE direction = 'Outbound' FOR UPDATE", connection);
        await hold.ExecuteNonQueryAsync();
        return connection;
    }
}
