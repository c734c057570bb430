using System.Text.Json;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

[Collection(SharedSystemTests.Name)]
public sealed class MessageTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task AMessageGoesAllTheWayAndTheAnswerIsRead()
    {
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        var text = $"Your order is ready {Guid.NewGuid():N}";

        var accepted = await mcp.ResultAsync("send_message", new { channel = client.Channel.Name, to = "+1 555 010 0100", text });
        accepted.GetProperty("state").GetString().ShouldBe("queued");
        var id = accepted.GetProperty("messageId").GetString()!;
        var read = await StateAsync(mcp, id, "read");

        read.GetProperty("text").GetString().ShouldBe(text);
        read.GetProperty("untrusted").GetBoolean().ShouldBeFalse();
        foreach (var stamp in new[] { "sentAt", "deliveredAt", "readAt" })
        {
            read.GetProperty(stamp).GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddMinutes(-5));
        }

        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(1);

        var answer = $"Thank you {Guid.NewGuid():N}";
        await system.Sandbox.WriteAsync(answer);
        var received = await InboundAsync(mcp, client, answer);
        received.GetProperty("untrusted").GetBoolean().ShouldBeTrue();
        received.GetProperty("conversationId").GetString().ShouldBe(accepted.GetProperty("conversationId").GetString());
    }

    [Fact]
    public async Task TheRowsOfASendShareTheRequestOfItsCall()
    {
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        var sent = await mcp.ResultAsync("send_message", new { channel = client.Channel.Name, to = "+15550100100", text = "rows" });
        await StateAsync(mcp, sent.GetProperty("messageId").GetString()!, "read");

        await system.AuditAsync(client.Client.Id, "send_success");
        var actions = await Eventually.GetAsync(
            "the rows of one request",
            () => system.QueryAsync<string[]>(
                """
                SELECT array_agg(action ORDER BY id) FROM audit_log WHERE action <> 'key_used' AND request_id =
                    (SELECT request_id FROM audit_log WHERE client_id = $1 AND action = 'send_attempt')
                """,
                client.Client.Id.Value),
            actions => actions?.Contains("tool_called") == true);
        actions!.ShouldBe(["tool_called", "send_attempt", "send_success"], ignoreOrder: true, customMessage: string.Join(',', actions!));
    }

    [Fact]
    public async Task AMessageOnAChannelThatIsNoLongerGrantedIsNotRead()
    {
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        var id = (await mcp.ResultAsync("send_message", new { channel = client.Channel.Name, to = "+15550100100", text = "b" }))
            .GetProperty("messageId").GetString()!;
        await system.Console.RevokeGrantAsync(client.Client, client.Channel);
        (await mcp.CallAsync("get_message", new { messageId = id })).Reason.ShouldBe("not_found");
    }

    [Fact]
    public async Task PagesGoBackToTheFirstMessage()
    {
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        var sent = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            var message = await mcp.ResultAsync("send_message", new { channel = client.Channel.Name, to = "+15550100100", text = $"page {i}" });
            sent.Add(message.GetProperty("messageId").GetString()!);
        }

        async Task<(string[] Ids, bool More)> ReadAsync(object arguments)
        {
            var page = await mcp.ResultAsync("get_messages", arguments);
            return ([.. page.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("id").GetString()!)],
                page.GetProperty("hasMore").GetBoolean());
        }

        var channel = client.Channel.Name;
        var (latest, more) = await ReadAsync(new { channel, limit = 3 });
        latest.ShouldBe(sent[^3..]);
        more.ShouldBeTrue();
        (await ReadAsync(new { channel, before = latest[0], limit = 3 })).Ids.ShouldBe(sent[1..4]);
        (await ReadAsync(new { channel, before = sent[4], limit = 3 })).Ids.ShouldBe(sent[1..4]);
        var (first, rest) = await ReadAsync(new { channel, before = sent[2], limit = 3 });
        first.ShouldBe(sent[..2]);
        rest.ShouldBeFalse();
    }

    internal static Task<JsonElement> StateAsync(McpDriver mcp, string id, string state) => Eventually.GetAsync(
        $"{id} {state}",
        () => mcp.ResultAsync("get_message", new { messageId = id }),
        message => message.GetProperty("state").GetString() == state);

    internal static async Task<JsonElement> InboundAsync(McpDriver mcp, TestClient client, string text)
    {
        JsonElement Find(JsonElement page) => page.GetProperty("messages").EnumerateArray()
            .FirstOrDefault(message => message.TryGetProperty("text", out var body) && body.GetString() == text);
        var page = await Eventually.GetAsync(
            $"inbound '{text}'",
            () => mcp.ResultAsync("get_messages", new { channel = client.Channel.Name, limit = 100 }),
            page => Find(page).ValueKind == JsonValueKind.Object);
        return Find(page);
    }
}
