using WaMcp.Domain.Messages;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Messages;

namespace WaMcp.Tests.Tools;

/// <summary>What comes with a message is found by its words as well, and is gone with it.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class SearchContentTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;
    private readonly WebhookDriver webhooks = new(shared.System);

    public static TheoryData<string, string, string> Received => new()
    {
        {
            """{"type":"document","document":{"caption":"the bill","filename":"invoice-4711.pdf","mime_type":"application/pdf","sha256":"shadow","id":"90210"}}""",
            "bill|invoice-4711|4711.pdf", "90210|shadow|application"
        },
        {
            """{"type":"location","location":{"address":"101 Forest Ave","latitude":37.44,"longitude":-122.16,"name":"Philz Coffee","url":"https://philz.example/"}}""",
            "philz|\"forest ave\"", "example|https"
        },
        {
            """
            {"type":"contacts","contacts":[{"name":{"formatted_name":"Lucía Gómez"},"org":{"company":"Google","title":"Chief Baker"},"phones":[{"phone":"+1 983 555 2319","wa_id":"777"}],
             "emails":[{"email":"lucia@example.com"}],"addresses":[{"street":"Hauptstraße 7","city":"Köln"}]},{"name":{"formatted_name":"Second Person"}}]}
            """,
            "gómez|google|\"chief baker\"|\"983 555 2319\"|lucia@example.com|köln|hauptstrasse|\"second person\"", "777"
        },
        {
            """{"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"x-premium-9","title":"Express","description":"Next day before noon"}}}""",
            "express|\"before noon\"", "premium"
        },
        {
            """{"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"booking","body":"Sent","response_json":"{\"flow_token\":\"tok123\",\"when\":\"M\\u00fcnchen\",\"guests\":[\"Grace\",\"Zoë\"],\"age\":41}"}}}""",
            "sent|münchen|zoë|41", "tok123|booking"
        },
        {
            """{"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"booking","body":"Sent","response_json":"no {json at all"}}}""", "json", "booking"
        },
        {
            """{"type":"order","order":{"catalog_id":"1948","text":"gift wrap please","product_items":[{"product_retailer_id":"di9","quantity":2,"item_price":30.5,"currency":"USD"}]}}""",
            "\"gift wrap\"", "1948|di9"
        },
    };

    [Theory]
    [MemberData(nameof(Received))]
    public async Task WhatCameWithAMessageIsFound(string content, string found, string notFound)
    {
        var client = await system.Console.OnboardAsync();
        var message = WebhookDriver.Message(content, WebhookDriver.Phone());
        await webhooks.WriteAsync(message);
        var id = (await webhooks.SeenAsync(client, message["id"]!.GetValue<string>())).GetProperty("id").GetString()!;

        await ShouldBeFoundAsync(client, id, found, notFound);
        await system.QueryAsync<object>("UPDATE messages SET body = NULL, content = NULL, raw = NULL WHERE client_id = $1", client.Client.Id.Value); // as retention does
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1 AND search IS NOT NULL", client.Client.Id.Value)).ShouldBe(0);
    }

    [Fact]
    public async Task WhatWasSentWithAMessageIsFound()
    {
        var talk = await Talk.OpenAsync(system);
        var menu = await talk.SendAsync(
            "send_interactive",
            new { text = "Which?", list = new { button = "Open", sections = new[] { new { title = "Speed", rows = new[] { new { id = "x-premium-9", title = "Express", description = "Next day before noon" } } } } } });
        await ShouldBeFoundAsync(talk.Client, menu.GetProperty("messageId").GetString()!, "which|express|\"before noon\"|speed", "premium");
        var card = await talk.SendAsync("send_message", new { contacts = new[] { new { name = "Grace Hopper", company = "Navy", emails = new[] { "grace@example.com" } } } });
        await ShouldBeFoundAsync(talk.Client, card.GetProperty("messageId").GetString()!, "hopper|navy|grace@example.com", "emails");
        var file = new MediaContent(MediaKind.Document, Contents.File, "the bill", "invoice-4711.pdf");
        await ShouldBeFoundAsync(talk.Client, await SentAsync(file), "bill|invoice-4711", Contents.File.Value.ToString()[^12..]);
        var template = new TemplateContent("order_update", "de", MessageCategory.Utility,
        [
            new(TemplatePart.Body, [new TemplateParameter.Text("Nähmaschine")]),
            new(TemplatePart.Header, [new TemplateParameter.Place(new LocationContent(1, 2, "Old Pier", "Harbour Road"))]),
            new(TemplatePart.Button, [new TemplateParameter.Text("ending-of-link")], "url", 0),
        ]);
        await ShouldBeFoundAsync(talk.Client, await SentAsync(template), "nähmaschine|\"old pier\"|harbour|order_update", "ending");

        async Task<string> SentAsync(MessageContent content)
        {
            var id = Domain.Data.TypedId.New<MessageId>();
            await system.QueryAsync<object>(
                """
                INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, body, raw, state, created_at)
                SELECT $1, client_id, channel_id, id, contact_id, 'Outbound', $3, $4, $5::json, 'Sent', now() FROM conversations WHERE client_id = $2 LIMIT 1
                """,
                id.Value, talk.Client.Client.Id.Value, content.Kind, content.Body!, content.ToJson());
            return id.ToString();
        }
    }

    [Fact]
    public async Task NoContentKeepsAMessageFromBeingRecorded()
    {
        var client = await system.Console.OnboardAsync();
        var conversation = await Written.ConversationAsync(system, client.Client.Id.Value, client.Channel.Id.Value);
        string[] contents =
        [
            "null", "7", "[]", "\"text\"", "{}", """{"file":7}""", """{"file":{"fileName":"a\u0000b"}}""", """{"file":{"fileName":"\ud800"}}""", """{"reply":{"fields":{"a":1}}}""",
            """{"location":{"latitude":1e400}}""", """{"contacts":[[[{"name":[1]}]]]}""", $$$"""{"file":{"fileName":"{{{new string('水', 20_000)}}}"}}""",
            $$$"""{"reply":{"fields":"{{{new string('[', 9_000)}}}"}}""",
        ];
        foreach (var content in contents)
        {
            await system.QueryAsync<object>(
                """
                INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, body, content, state, created_at)
                SELECT gen_random_uuid(), client_id, channel_id, id, contact_id, 'Inbound', 'document', 'recorded', $2::json, 'Received', now() FROM conversations WHERE id = $1
                """,
                conversation, content);
        }

        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE conversation_id = $1 AND search @@ 'recorded'", conversation)).ShouldBe(contents.Length);
    }

    // Queries between bars: each of the first list finds the message and nothing else, none of the second does.
    private async Task ShouldBeFoundAsync(TestClient client, string id, string found, string notFound)
    {
        foreach (var (query, ids) in found.Split('|').Select(query => (query, (string[])[id])).Concat(notFound.Split('|').Select(query => (query, (string[])[]))))
        {
            (await system.Mcp(client.Token).ResultAsync("search_messages", new { query })).GetProperty("messages").EnumerateArray()
                .Select(message => message.GetProperty("id").GetString()).ShouldBe(ids, query);
        }
    }
}
