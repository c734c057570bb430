using System.Text.Json;
using WaMcp.Domain.Access;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

[Collection(SharedSystemTests.Name)]
public sealed class ToolInputTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    public static TheoryData<string, string, string> BadInput => new()
    {
        { "ping", """{"x":1}""", "x" },
        { "list_channels", """{"all":true}""", "all" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100"}""", "text" },
        { "send_message", """{"channel":"CHANNEL","text":"hi"}""", "to" },
        { "send_message", """{"to":"+15550100100","text":"hi"}""", "channel" },
        { "send_message", """{"channel":7,"to":"+15550100100","text":"hi"}""", "channel" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":["hi"]}""", "text" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":null}""", "text" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":"  "}""", "text" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":"a\u0000b"}""", "text" },
        { "send_message", """{"channel":"CHANNEL","to":"somebody","text":"hi"}""", "to" },
        { "send_message", """{"channel":"CHANNEL","to":"0301234567","text":"hi"}""", "to" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","urgent":true}""", "urgent" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","previewUrl":"yes"}""", "previewUrl" },
        { "get_message", "{}", "messageId" },
        { "get_message", """{"messageId":"msg_zzz"}""", "messageId" },
        { "get_messages", """{"channel":"CHANNEL","limit":0}""", "limit" },
        { "get_messages", """{"channel":"CHANNEL","limit":1000}""", "limit" },
        { "get_messages", """{"channel":"CHANNEL","limit":"20"}""", "limit" },
        { "get_messages", """{"channel":"CHANNEL","after":"yesterday"}""", "after" },
        { "get_messages", """{"channel":"CHANNEL","before":"con_00000000000000000000000000"}""", "before" },
        { "get_messages", """{"channel":"CHANNEL","conversationId":"1"}""", "conversationId" },
    };

    [Theory]
    [MemberData(nameof(BadInput))]
    public async Task BadInputIsAResultThatNamesTheField(string tool, string arguments, string field)
    {
        var client = await system.Console.OnboardAsync();
        var given = JsonDocument.Parse(arguments.Replace("CHANNEL", client.Channel.Name, StringComparison.Ordinal)).RootElement;

        var answer = await system.Mcp(client.Token).CallAsync(tool, given);

        answer.Status.ShouldBe(200, answer.ToString());
        answer.IsError.ShouldBeTrue(answer.ToString());
        answer.Reason.ShouldBe("invalid_input");
        answer.Structured.GetProperty("field").GetString().ShouldBe(field);
        answer.Structured.GetProperty("message").GetString()!.ShouldStartWith(field);
    }

    [Fact]
    public async Task ATextOverTheLimitIsRefusedWithTheLimit()
    {
        var client = await system.Console.OnboardAsync();
        var answer = await system.Mcp(client.Token)
            .CallAsync("send_message", new { channel = client.Channel.Name, to = "+15550100100", text = new string('x', 4097) });
        answer.Structured.GetProperty("message").GetString()!.ShouldContain("4096");
    }

    [Fact]
    public async Task TheToolsAreTheOnesThatScopesAndGrantsCanName()
    {
        var client = await system.Console.OnboardAsync();
        await using var mcp = await system.Mcp(client.Token).ConnectAsync();
        var tools = await mcp.ListToolsAsync();
        tools.Select(tool => tool.Name).ShouldBe(ToolNames.All, ignoreOrder: true);
        foreach (var tool in tools)
        {
            tool.ProtocolTool.OutputSchema.ShouldNotBeNull();
            tool.ProtocolTool.Annotations.ShouldNotBeNull();
            tool.Description.Length.ShouldBeGreaterThan(40);
        }
    }

    [Fact]
    public async Task AnswersHoldWhatTheirSchemasRequire()
    {
        var client = await system.Console.OnboardAsync();
        await using var mcp = await system.Mcp(client.Token).ConnectAsync();
        var schemas = (await mcp.ListToolsAsync()).ToDictionary(tool => tool.Name, tool => tool.ProtocolTool.OutputSchema!.Value);
        var channel = client.Channel.Name;
        var sent = await system.Mcp(client.Token).ResultAsync("send_message", new { channel, to = "+15550100177", text = "hi" });
        var answers = new Dictionary<string, JsonElement>
        {
            ["send_message"] = sent,
            ["ping"] = await system.Mcp(client.Token).ResultAsync("ping"),
            ["list_channels"] = await system.Mcp(client.Token).ResultAsync("list_channels"),
            ["get_message"] = await system.Mcp(client.Token).ResultAsync("get_message", new { messageId = sent.GetProperty("messageId").GetString() }),
            ["get_messages"] = await system.Mcp(client.Token).ResultAsync("get_messages", new { channel }),
        };
        answers.Keys.ShouldBe(schemas.Keys, ignoreOrder: true);
        foreach (var (tool, answer) in answers)
        {
            Missing(schemas[tool], answer).ShouldBeEmpty(tool);
        }
    }

    private static IEnumerable<string> Missing(JsonElement schema, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            return value.EnumerateArray().SelectMany(item => Missing(items, item));
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        var absent = schema.TryGetProperty("required", out var required)
            ? required.EnumerateArray().Select(name => name.GetString()!).Where(name => !value.TryGetProperty(name, out _))
            : [];
        var unknown = value.EnumerateObject().Where(member => !schema.GetProperty("properties").TryGetProperty(member.Name, out _)).Select(member => member.Name);
        var inner = value.EnumerateObject()
            .Where(member => schema.GetProperty("properties").TryGetProperty(member.Name, out _))
            .SelectMany(member => Missing(schema.GetProperty("properties").GetProperty(member.Name), member.Value));
        return [.. absent, .. unknown, .. inner];
    }

    [Theory]
    [InlineData("2025-06-18")]
    [InlineData("2025-11-25")]
    [InlineData(null)]
    public async Task ClientsOfEveryRevisionListAndCall(string? protocolVersion)
    {
        var client = await system.Console.OnboardAsync();
        await using var mcp = await system.Mcp(client.Token).ConnectAsync(protocolVersion);
        (await mcp.ListToolsAsync()).Count.ShouldBe(ToolNames.All.Count);
        var result = await mcp.CallToolAsync("ping");
        result.IsError.ShouldNotBe(true);
        result.StructuredContent!.Value.GetProperty("pong").GetBoolean().ShouldBeTrue();
    }
}
