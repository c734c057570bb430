using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

/// <summary>What agents see of every kind of message that WhatsApp knows, and of those that it does not know yet.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class MessageKindsTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;
    private readonly WebhookDriver webhooks = new(shared.System);

    public static TheoryData<string, string, string?, string> Kinds => new()
    {
        { """{"type":"text","text":{"body":"Does it come in another color?"}}""", "text", "Does it come in another color?", "null" },
        {
            """{"type":"image","image":{"caption":"Taj Mahal","mime_type":"image/jpeg","sha256":"SfInY0g=","id":"1003383421387256"}}""", "image", "Taj Mahal",
            """{"file":{"type":"image","providerMediaId":"1003383421387256","mimeType":"image/jpeg","sha256":"SfInY0g="}}"""
        },
        {
            """{"type":"audio","audio":{"mime_type":"audio/ogg; codecs=opus","sha256":"x","id":"7","voice":true}}""", "audio", null,
            """{"file":{"type":"audio","providerMediaId":"7","mimeType":"audio/ogg; codecs=opus","sha256":"x","voice":true}}"""
        },
        {
            """{"type":"video","video":{"caption":"look","mime_type":"video/mp4","sha256":"x","id":"8"}}""", "video", "look",
            """{"file":{"type":"video","providerMediaId":"8","mimeType":"video/mp4","sha256":"x"}}"""
        },
        {
            """{"type":"document","document":{"caption":"bill","filename":"bill.pdf","mime_type":"application/pdf","sha256":"x","id":"9"}}""", "document", "bill",
            """{"file":{"type":"document","providerMediaId":"9","mimeType":"application/pdf","sha256":"x","fileName":"bill.pdf"}}"""
        },
        {
            """{"type":"sticker","sticker":{"mime_type":"image/webp","sha256":"x","id":"10","animated":false}}""", "sticker", null,
            """{"file":{"type":"sticker","providerMediaId":"10","mimeType":"image/webp","sha256":"x","animated":false}}"""
        },
        {
            """{"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"cancel-button","title":"Cancel"}}}""", "interactive", "Cancel",
            """{"reply":{"type":"button","id":"cancel-button","title":"Cancel"}}"""
        },
        {
            """{"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"express","title":"Express","description":"Next day"}}}""", "interactive", "Express",
            """{"reply":{"type":"list","id":"express","title":"Express","description":"Next day"}}"""
        },
        {
            """{"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"size\":\"L\"}"}}}""", "interactive", null,
            """{"reply":{"type":"form","id":"flow","title":"Sent","fields":"{\"size\":\"L\"}"}}"""
        },
        {
            """{"type":"interactive","interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"accept"}}}""", "interactive", null,
            """{"reply":{"type":"call_permission_reply"}}"""
        },
        {
            """{"type":"button","button":{"payload":"STOP","text":"Unsubscribe"}}""", "button", "Unsubscribe",
            """{"reply":{"type":"quick_reply","id":"STOP","title":"Unsubscribe"}}"""
        },
        {
            """{"type":"location","location":{"address":"101 Forest Ave","latitude":37.44,"longitude":-122.16,"name":"Philz Coffee","url":"https://philz.example/"}}""", "location",
            "Philz Coffee", """{"location":{"latitude":37.44,"longitude":-122.16,"name":"Philz Coffee","address":"101 Forest Ave","url":"https://philz.example/"}}"""
        },
        {
            """{"type":"contacts","contacts":[{"name":{"formatted_name":"Lucía Gómez"},"org":{"company":"Google"},"phones":[{"phone":"+1 983 555 2319","wa_id":"19835552319"}]}]}""",
            "contacts", "Lucía Gómez",
            """{"contacts":[{"name":"Lucía Gómez","phones":["+1 983 555 2319"],"emails":[],"urls":[],"addresses":[],"organization":"Google"}]}"""
        },
        {
            """{"type":"order","order":{"catalog_id":"1948","text":"please","product_items":[{"product_retailer_id":"di9","quantity":2,"item_price":30.5,"currency":"USD"}]}}""",
            "order", "please", """{"order":{"catalogId":"1948","items":[{"productId":"di9","quantity":2,"price":30.5,"currency":"USD"}]}}"""
        },
        {
            """{"type":"system","system":{"body":"Ada's security code changed","type":"customer_identity_changed"}}""", "system", "Ada's security code changed",
            """{"system":{"event":"customer_identity_changed"}}"""
        },
        {
            """{"type":"unsupported","errors":[{"code":131051,"title":"Message type unknown","error_data":{"details":"Not supported."}}]}""", "unsupported", null,
            """{"unsupported":{"code":131051,"reason":"Not supported."}}"""
        },
        { """{"type":"hologram","hologram":{"beam":1},"new_field":[1]}""", "unsupported", null, """{"unsupported":{"type":"hologram"}}""" },
        { """{"hologram":{}}""", "unsupported", null, """{"unsupported":{}}""" },
        {
            """{"type":"text","text":{"body":"Is it there?"},"context":{"from":"1","id":"wamid.elsewhere","frequently_forwarded":true,"referred_product":{"catalog_id":"19","product_retailer_id":"di9"}}}""",
            "text", "Is it there?", """{"forwarded":"often","productId":"di9","catalogId":"19"}"""
        },
        {
            """{"type":"text","text":{"body":"Hi"},"referral":{"source_url":"https://fb.example/3","source_id":"120","source_type":"ad","body":"Here!","headline":"Chat","media_type":"image","ctwa_clid":"Aff"}}""",
            "text", "Hi",
            """{"referral":{"sourceType":"ad","sourceId":"120","sourceUrl":"https://fb.example/3","headline":"Chat","body":"Here!","mediaType":"image","clickId":"Aff"}}"""
        },
        { """{"type":"text","text":{"body":"all"},"group_id":"grp1","context":{"forwarded":true}}""", "text", "all", """{"forwarded":"once","groupId":"grp1"}""" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task AgentsSeeWhatAMessageHolds(string content, string kind, string? text, string expected)
    {
        var client = await system.Console.OnboardAsync();
        var message = WebhookDriver.Message(content, WebhookDriver.Phone());

        await webhooks.WriteAsync(message);

        var seen = await webhooks.SeenAsync(client, message["id"]!.GetValue<string>());
        seen.GetProperty("kind").GetString().ShouldBe(kind);
        (seen.TryGetProperty("text", out var words) ? words.GetString() : null).ShouldBe(kind == "interactive" && content.Contains("nfm", StringComparison.Ordinal) ? "Sent" : text);
        var held = seen.TryGetProperty("content", out var given) ? Unmarked(JsonNode.Parse(given.GetRawText())) : null;
        if (held?["file"] is JsonObject file)
        {
            file.Remove("state").ShouldBeTrue("what became of the file: InboundFilesTests");
            file.Remove("reason");
            file.Remove("explanation");
        }

        JsonNode.DeepEquals(held, JsonNode.Parse(expected)).ShouldBeTrue($"{held?.ToJsonString()} instead of {expected}");
        var raw = await system.QueryAsync<string>(
            "SELECT raw::text FROM messages WHERE client_id = $1 AND provider_message_id = $2", client.Client.Id.Value, message["id"]!.GetValue<string>());
        JsonNode.DeepEquals(JsonNode.Parse(raw!), message).ShouldBeTrue("nothing of what the provider said is lost");
    }

    // Without what stands in every part: UntrustedTests look at that.
    private static JsonNode? Unmarked(JsonNode? node)
    {
        if (node is JsonObject part)
        {
            part.Remove("untrusted");
            part.Remove("origin");
        }

        foreach (var each in node is JsonObject members ? members.Select(member => member.Value) : node is JsonArray items ? items : [])
        {
            Unmarked(each);
        }

        return node;
    }

    [Fact]
    public async Task ReactionsAndAnswersNameOurMessages()
    {
        var client = await system.Console.OnboardAsync();
        var (phone, said) = (WebhookDriver.Phone(), WebhookDriver.Text("first", null));
        said["from"] = phone;
        var target = said["id"]!.GetValue<string>();
        var liked = WebhookDriver.Message($$$"""{"type":"reaction","reaction":{"message_id":"{{{target}}}","emoji":"👍"}}""", phone);
        var taken = WebhookDriver.Message($$$"""{"type":"reaction","reaction":{"message_id":"{{{target}}}","emoji":""}}""", phone);
        var answer = WebhookDriver.Message($$$"""{"type":"text","text":{"body":"second"},"context":{"from":"{{{phone}}}","id":"{{{target}}}"}}""", phone);

        await webhooks.WriteAsync(answer, liked, taken, said); // whatever comes first

        var first = (await webhooks.SeenAsync(client, target)).GetProperty("id").GetString();
        var reaction = (await ContentAsync(client, liked)).GetProperty("reaction");
        reaction.GetProperty("messageId").GetString().ShouldBe(first);
        reaction.GetProperty("emoji").GetString().ShouldBe("👍");
        (await ContentAsync(client, taken)).GetProperty("reaction").GetProperty("removed").GetBoolean().ShouldBeTrue();
        (await ContentAsync(client, answer)).GetProperty("answerTo").GetString().ShouldBe(first);
        var listed = await system.Mcp(client.Token).ResultAsync("get_messages", new { channel = client.Channel.Name });
        listed.GetProperty("messages").EnumerateArray().Count(each => each.TryGetProperty("content", out var content) && content.TryGetProperty("answerTo", out _)).ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnEditChangesWhatAgentsSeeAndARevokeTakesItAway(bool comesFirst)
    {
        var client = await system.Console.OnboardAsync();
        var phone = WebhookDriver.Phone();
        var (written, edited, again) = (WebhookDriver.Moment(), WebhookDriver.Moment(), WebhookDriver.Moment());
        var original = WebhookDriver.Message("""{"type":"text","text":{"body":"befour"},"referral":{"source_type":"ad"}}""", phone, at: written);
        var id = original["id"]!.GetValue<string>();
        var edit = Edit(id, phone, "before", edited);
        var late = Edit(id, phone, "an older edit", written);
        JsonObject[] order = comesFirst ? [edit, late, original] : [original, edit, late];
        foreach (var message in order)
        {
            await webhooks.WriteAsync(message);
            await webhooks.DoneAsync();
        }

        var seen = await webhooks.SeenAsync(client, id);
        seen.GetProperty("text").GetString().ShouldBe("before");
        seen.GetProperty("sentAt").GetDateTimeOffset().ShouldBe(written);
        seen.GetProperty("content").GetProperty("editedAt").GetDateTimeOffset().ShouldBe(edited);
        seen.GetProperty("content").GetProperty("referral").GetProperty("sourceType").GetString().ShouldBe("ad");

        await webhooks.WriteAsync(WebhookDriver.Message($$$"""{"type":"revoke","revoke":{"original_message_id":"{{{id}}}"}}""", phone, at: again));
        await webhooks.DoneAsync();
        await webhooks.WriteAsync(Edit(id, phone, "too late", WebhookDriver.Moment()), original);
        await webhooks.DoneAsync();

        seen = await webhooks.SeenAsync(client, id);
        seen.TryGetProperty("text", out _).ShouldBeFalse();
        seen.GetProperty("content").GetProperty("revokedAt").GetDateTimeOffset().ShouldBe(again);
        (await system.QueryAsync<long>(
            "SELECT count(*) FROM messages WHERE client_id = $1 AND (body IS NOT NULL OR raw IS NOT NULL OR content IS NOT NULL)", client.Client.Id.Value)).ShouldBe(0);
    }

    [Fact]
    public async Task WhatWasTakenBackBeforeItCameSaysNothing()
    {
        var client = await system.Console.OnboardAsync();
        var original = WebhookDriver.Text("never seen", WebhookDriver.Phone());
        var id = original["id"]!.GetValue<string>();
        await webhooks.WriteAsync(WebhookDriver.Message($$$"""{"type":"revoke","revoke":{"original_message_id":"{{{id}}}"}}""", original["from"]!.GetValue<string>()));
        await webhooks.DoneAsync();
        await webhooks.WriteAsync(original);
        await webhooks.DoneAsync();

        var seen = await webhooks.SeenAsync(client, id);
        seen.GetProperty("kind").GetString().ShouldBe("text");
        seen.TryGetProperty("text", out _).ShouldBeFalse();
        seen.TryGetProperty("sentAt", out _).ShouldBeTrue();
    }

    private static JsonObject Edit(string original, string phone, string text, DateTimeOffset at) => WebhookDriver.Message(
        $$$$"""{"type":"edit","edit":{"original_message_id":"{{{{original}}}}","message":{"type":"text","text":{"body":"{{{{text}}}}"}} }}""", phone, at: at);

    private async Task<JsonElement> ContentAsync(TestClient client, JsonObject message) =>
        (await webhooks.SeenAsync(client, message["id"]!.GetValue<string>())).GetProperty("content");
}
