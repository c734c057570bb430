using System.Text.Json;
using WaMcp.Domain.Access;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Media;

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
        { "send_message", """{"channel":"CHANNEL","to":"+491511","text":"hi"}""", "to" },
        { "send_message", """{"channel":"CHANNEL","to":"us.1","text":"hi"}""", "to" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","contacts":[{"name":"A","phones":["1"]}]}""", "contacts" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","contacts":[{"phones":["1"]}]}""", "contacts[0]" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","contacts":[{"name":"A","phones":["1"]}],"previewUrl":true}""", "previewUrl" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","waitSeconds":31}""", "waitSeconds" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","waitSeconds":-1}""", "waitSeconds" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","idempotencyKey":""}""", "idempotencyKey" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","idempotencyKey":"über"}""", "idempotencyKey" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","replyTo":"wamid.X"}""", "replyTo" },
        { "send_location", """{"channel":"CHANNEL","to":"+15550100100","latitude":91,"longitude":0}""", "latitude" },
        { "send_location", """{"channel":"CHANNEL","to":"+15550100100","latitude":"1","longitude":0}""", "latitude" },
        { "send_reaction", """{"channel":"CHANNEL","messageId":"wamid.X","emoji":"👍"}""", "messageId" },
        { "send_interactive", """{"channel":"CHANNEL","to":"+15550100100","text":"hi"}""", "buttons" },
        { "send_interactive", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","requestContactInfo":true,"link":{"title":"a","url":"https://a.example"}}""", "buttons" },
        { "send_interactive", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","link":{"title":"a","url":"ftp://a.example"}}""", "link.url" },
        { "send_interactive", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","requestContactInfo":true,"header":{}}""", "header" },
        { "send_interactive", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","requestContactInfo":true,"header":{"image":{"data":"7"}}}""", "header.image.data" },
        { "send_interactive", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","buttons":[null]}""", "buttons[0]" },
        { "send_interactive", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","list":{"button":"x","sections":[null]}}""", "list.sections[0]" },
        { "send_interactive", """{"channel":"CHANNEL","to":"+15550100100","text":"hi","list":{"button":"x","sections":[{"rows":[null]}]}}""", "list.sections[0].rows[0]" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","contacts":[null]}""", "contacts[0]" },
        { "send_message", """{"channel":"CHANNEL","to":"+15550100100","contacts":[{"name":"A","phones":[null]}]}""", "contacts[0].phones[0]" },
        { "send_template", """{"channel":"CHANNEL","to":"+15550100100","name":"hello_world","body":[null]}""", "body[0]" },
        { "send_template", """{"channel":"CHANNEL","to":"+15550100100","name":"order_update"}""", "language" },
        { "send_template", """{"channel":"CHANNEL","to":"+15550100100","name":"hello_world","body":[{}]}""", "body[0]" },
        { "send_template", """{"channel":"CHANNEL","to":"+15550100100"}""", "name" },
        { "send_template", """{"channel":"CHANNEL","to":"+15550100100","name":"hello_world","limitedTimeOffer":{"expiresAt":"soon"}}""", "limitedTimeOffer.expiresAt" },
        { "send_template", """{"channel":"CHANNEL","to":"+15550100100","name":"hello_world","cards":[null]}""", "cards[0]" },
        { "send_template", """{"channel":"CHANNEL","to":"+15550100100","name":"hello_world","cards":[{"header":{}}]}""", "cards[0].header" },
        { "send_template", """{"channel":"CHANNEL","to":"+15550100100","name":"hello_world","cards":[{"body":[{"text":"x","dateTime":"y"}]}]}""", "cards[0].body[0]" },
        { "mark_read", """{"channel":"CHANNEL","messageId":"x"}""", "messageId" },
        { "get_message", "{}", "messageId" },
        { "get_message", """{"messageId":"msg_zzz"}""", "messageId" },
        { "get_messages", """{"channel":"CHANNEL","limit":0}""", "limit" },
        { "get_messages", """{"channel":"CHANNEL","limit":1000}""", "limit" },
        { "get_messages", """{"channel":"CHANNEL","limit":"20"}""", "limit" },
        { "get_messages", """{"channel":"CHANNEL","since":"yesterday"}""", "since" },
        { "get_messages", """{"channel":"CHANNEL","since":"cur_"}""", "since" },
        { "get_messages", """{"channel":"CHANNEL","since":"cur_AQUAAAA"}""", "since" },
        { "get_messages", """{"channel":"CHANNEL","since":"cur_AQUFAA","before":"msg_00000000000000000000000000"}""", "before" },
        { "get_messages", "{}", "channel" },
        { "get_message_context", """{"messageId":"msg_1"}""", "messageId" },
        { "get_message_context", """{"messageId":"msg_00000000000000000000000000","earlier":51}""", "earlier" },
        { "get_message_context", """{"messageId":"msg_00000000000000000000000000","later":-1}""", "later" },
        { "search_messages", "{}", "query" },
        { "search_messages", """{"query":""}""", "query" },
        { "search_messages", """{"query":" ?! \" \" "}""", "query" },
        { "search_messages", """{"query":"a\u0000b"}""", "query" },
        { "search_messages", """{"query":"hi","direction":"sideways"}""", "direction" },
        { "search_messages", """{"query":"hi","from":"yesterday"}""", "from" },
        { "search_messages", """{"query":"hi","until":"7"}""", "until" },
        { "search_messages", """{"query":"hi","limit":101}""", "limit" },
        { "search_messages", """{"query":"hi","contactId":"ada"}""", "contactId" },
        { "wait_for_reply", "{}", "conversationId" },
        { "wait_for_reply", """{"channel":"CHANNEL","person":"somebody"}""", "person" },
        { "wait_for_reply", """{"person":"+15550100100"}""", "channel" },
        { "wait_for_reply", """{"channel":"CHANNEL","person":"+15550100100","timeoutSeconds":301}""", "timeoutSeconds" },
        { "wait_for_reply", """{"channel":"CHANNEL","person":"+15550100100","timeoutSeconds":0}""", "timeoutSeconds" },
        { "wait_for_reply", """{"channel":"CHANNEL","person":"+15550100100","since":"x"}""", "since" },
        { "list_conversations", """{"next":"2026"}""", "next" },
        { "list_conversations", """{"next":"9999999999999999999~cnv_00000000000000000000000000"}""", "next" },
        { "list_conversations", """{"limit":0}""", "limit" },
        { "list_contacts", """{"find":""}""", "find" },
        { "list_contacts", """{"nextContact":"x"}""", "nextContact" },
        { "get_contact", "{}", "contactId" },
        { "get_contact", """{"contactId":"con_1"}""", "contactId" },
        { "get_contact", """{"person":"+15550100100"}""", "channel" },
        { "get_media", """{"mediaId":"7"}""", "mediaId" },
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
        var to = "+15550100177";
        await system.Sandbox.WriteAsync("schemas", to);
        var heard = await MessageTests.InboundAsync(system.Mcp(client.Token), client, "schemas");
        var received = heard.GetProperty("id").GetString();
        var media = await CallAsync("send_media", new { channel, to, type = "image", data = Convert.ToBase64String(FilesOf.Png) });
        var answers = new Dictionary<string, JsonElement>
        {
            ["send_message"] = sent,
            ["send_template"] = await CallAsync("send_template", new { channel, to, name = "hello_world" }),
            ["send_media"] = media,
            ["get_media"] = await CallAsync("get_media", new { mediaId = media.GetProperty("mediaIds")[0].GetString() }),
            ["get_message_context"] = await CallAsync("get_message_context", new { messageId = received }),
            ["search_messages"] = await CallAsync("search_messages", new { query = "schemas" }),
            ["wait_for_reply"] = await CallAsync("wait_for_reply", new { channel, person = to, timeoutSeconds = 1 }),
            ["list_conversations"] = await CallAsync("list_conversations", new { }),
            ["list_contacts"] = await CallAsync("list_contacts", new { }),
            ["get_contact"] = await CallAsync("get_contact", new { channel, person = to }),
            ["send_interactive"] = await CallAsync("send_interactive", new { channel, to, text = "hi", requestContactInfo = true }),
            ["send_location"] = await CallAsync("send_location", new { channel, to, latitude = 1, longitude = 2 }),
            ["send_reaction"] = await CallAsync("send_reaction", new { channel, messageId = received, emoji = "👍" }),
            ["mark_read"] = await CallAsync("mark_read", new { channel, messageId = received }),
            ["list_templates"] = await CallAsync("list_templates", new { channel }),
            ["get_usage"] = await CallAsync("get_usage", new { }),
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

        Task<JsonElement> CallAsync(string tool, object arguments) => system.Mcp(client.Token).ResultAsync(tool, arguments);
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
