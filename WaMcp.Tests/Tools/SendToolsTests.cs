using System.Text.Json;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

/// <summary>Every kind of message, from the tool to the provider and back; the sandbox of the tests refuses what Meta's contract does not know.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class SendToolsTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    public static TheoryData<string, string, string> Sends => new()
    {
        { "send_message", """{"text":"Look: https://example.com","previewUrl":true}""", """{"preview_url":true}""" },
        { "send_message", """{"contacts":[{"name":"Ada Lovelace","lastName":"Lovelace","company":"Engines","phones":["+49 151 1"],"emails":["ada@example.com"],"urls":["https://example.com"]}]}""", "formatted_name" },
        { "send_location", """{"latitude":52.520008,"longitude":13.404954,"name":"Here","address":"There"}""", "52.520008" },
        { "send_interactive", """{"text":"Well?","buttons":[{"id":"y","title":"Yes"},{"id":"n","title":"No"}],"header":{"text":"Head"},"footer":"Foot"}""", "reply" },
        { "send_interactive", """{"text":"Which?","list":{"button":"Open","sections":[{"title":"A","rows":[{"id":"1","title":"One","description":"first"}]},{"title":"B","rows":[{"id":"2","title":"Two"}]}]}}""", "sections" },
        { "send_interactive", """{"text":"Read","link":{"title":"Open","url":"https://example.com"}}""", "cta_url" },
        { "send_interactive", """{"text":"Your number?","requestContactInfo":true}""", "request_contact_info" },
        { "send_template", """{"name":"hello_world"}""", "hello_world" },
        { "send_template", """{"name":"order_update","language":"de","body":[{"text":"Ada"},{"text":"A-1"},{"dateTime":"morgen"}],"buttons":[{"index":1,"value":"stop"}]}""", "quick_reply" },
        { "send_template", """{"name":"order_update","language":"en_US","body":[{"text":"Ada"},{"currency":{"code":"EUR","thousandths":12990,"text":"€12.99"}},{"text":"x"}]}""", "amount_1000" },
        { "send_template", """{"name":"login_code","body":[{"text":"123456"}]}""", "123456" },
        { "send_template", """{"name":"appointment_reminder","header":{"text":"Ada","name":"customer_name"},"body":[{"text":"Monday","name":"day"},{"text":"10:00","name":"time"}]}""", "parameter_name" },
    };

    [Theory]
    [MemberData(nameof(Sends))]
    public async Task AMessageOfEveryKindIsSentAndRead(string tool, string arguments, string inTheRequest)
    {
        var talk = await Talk.OpenAsync(system);

        var sent = await talk.SendAsync(tool, JsonElement.Parse(arguments));

        var id = sent.GetProperty("messageId").GetString()!;
        var read = await MessageTests.StateAsync(talk.Mcp, id, "read");
        read.GetProperty("text").GetString().ShouldNotBeNullOrWhiteSpace();
        read.GetProperty("window").GetProperty("state").GetString().ShouldBe("open");
        var request = (await system.Sandbox.SendsToAsync(id)).ShouldHaveSingleItem().GetProperty("body");
        (request.TryGetProperty("to", out _) || request.TryGetProperty("recipient", out _)).ShouldBeTrue();
        request.GetRawText().Replace(" ", "", StringComparison.Ordinal).ShouldContain(inTheRequest.Trim('{', '}'));
    }

    [Fact]
    public async Task ATemplateIsShownWithItsGapsFilled()
    {
        var talk = await Talk.BeginAsync(system);
        var sent = await talk.SendAsync("send_template", new { name = "order_update", language = "en_US", body = new[] { new { text = "Ada" }, new { text = "A-1" }, new { text = "here" } } });
        sent.GetProperty("category").GetString().ShouldBe("utility");
        var message = await talk.Mcp.ResultAsync("get_message", new { messageId = sent.GetProperty("messageId").GetString() });
        message.GetProperty("text").GetString().ShouldBe("Hi Ada, your order A-1 is here.\n[Where is it?] [Stop updates]");
        message.GetProperty("kind").GetString().ShouldBe("template");
    }

    [Fact]
    public async Task AnAnswerAndAReactionNameTheMessageByTheProvidersId()
    {
        var talk = await Talk.BeginAsync(system);
        var heard = await talk.HearAsync();
        var wamid = await ProviderIdAsync(heard);

        var reply = await talk.SendAsync("send_message", new { text = "yes", replyTo = heard });
        var reaction = await talk.SendAsync("send_reaction", new { messageId = heard, emoji = "👍" });
        var taken = await talk.SendAsync("send_reaction", new { messageId = heard, emoji = "" });

        reply.GetProperty("window").GetProperty("state").GetString().ShouldBe("open");
        reply.GetProperty("conversationId").GetString().ShouldBe(reaction.GetProperty("conversationId").GetString());
        foreach (var (sent, state) in new[] { (reply, "read"), (reaction, "sent"), (taken, "sent") }) // a reaction is never more than sent
        {
            await MessageTests.StateAsync(talk.Mcp, sent.GetProperty("messageId").GetString()!, state);
        }

        (await RequestAsync(reply)).GetProperty("context").GetProperty("message_id").GetString().ShouldBe(wamid);
        var asked = (await RequestAsync(reaction)).GetProperty("reaction");
        (asked.GetProperty("message_id").GetString(), asked.GetProperty("emoji").GetString()).ShouldBe((wamid, "👍"));
        (await RequestAsync(taken)).GetProperty("reaction").GetProperty("emoji").GetString().ShouldBe("");
    }

    [Fact]
    public async Task AnAnswerToAMessageOfAnotherConversationIsRefused()
    {
        var talk = await Talk.BeginAsync(system);
        var heard = await talk.HearAsync();
        var answer = await talk.TryAsync("send_message", new { to = "+15550100999", text = "yes", replyTo = heard });
        answer.Structured.GetProperty("message").GetString().ShouldBe("replyTo: belongs to a conversation with somebody else.");
        var other = await Talk.BeginAsync(system);
        (await other.TryAsync("send_message", new { text = "yes", replyTo = heard })).Reason.ShouldBe("not_found");
        (await other.TryAsync("send_reaction", new { messageId = heard, emoji = "👍" })).Reason.ShouldBe("not_found");
        (await other.TryAsync("mark_read", new { messageId = heard })).Reason.ShouldBe("not_found");
    }

    [Fact]
    public async Task APersonIsFoundByTheirNumberHoweverItIsWritten()
    {
        var talk = await Talk.BeginAsync(system);
        var conversations = new List<string>();
        foreach (var to in new[] { $"+{talk.Phone}", $"00{talk.Phone}", $"+1 ({talk.Phone[1..4]}) {talk.Phone[4..7]}-{talk.Phone[7..]}", talk.Phone })
        {
            conversations.Add((await talk.SendAsync("send_message", new { to, text = "hi" })).GetProperty("conversationId").GetString()!);
        }

        conversations.Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task AGrantWithoutTheToolStopsWhatItSentAndNothingElse()
    {
        var client = await system.Console.OnboardAsync(tools: ["send_template", "get_message"]);
        var mcp = system.Mcp(client.Token);
        var sent = await mcp.ResultAsync("send_template", new { channel = client.Channel.Name, to = "+15550100123", name = "hello_world" });
        await MessageTests.StateAsync(mcp, sent.GetProperty("messageId").GetString()!, "read");
    }

    private async Task<JsonElement> RequestAsync(JsonElement sent) =>
        (await system.Sandbox.SendsToAsync(sent.GetProperty("messageId").GetString()!)).ShouldHaveSingleItem().GetProperty("body");

    private Task<string?> ProviderIdAsync(string message) => system.QueryAsync<string>(
        "SELECT provider_message_id FROM messages WHERE id = $1", Domain.Data.TypedId.TryParse<Domain.Messages.MessageId>(message, out var id) ? id.Value : default);
}
