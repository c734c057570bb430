using System.Text.Json;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Media;

namespace WaMcp.Tests.Tools;

/// <summary>Conversations, contacts, the context of a message, and files.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class ListsTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task AConversationTellsWhatWaitsForAnAnswer()
    {
        var talk = await Talk.BeginAsync(system);
        await talk.HearAsync("one");
        var second = await talk.HearAsync("two");
        await talk.HearAsync("three");
        var conversation = await OfAsync(talk);
        conversation.GetProperty("unread").GetInt32().ShouldBe(3);
        conversation.GetProperty("lastMessage").GetProperty("text").GetString().ShouldBe("three");
        conversation.GetProperty("lastMessage").GetProperty("untrusted").GetBoolean().ShouldBeTrue();
        conversation.GetProperty("window").GetProperty("state").GetString().ShouldBe("open");

        await talk.TryAsync("mark_read", new { messageId = second });
        (await OfAsync(talk)).GetProperty("unread").GetInt32().ShouldBe(1);
        await talk.SendAsync("send_message", new { text = "an answer" });
        conversation = await OfAsync(talk);
        conversation.GetProperty("unread").GetInt32().ShouldBe(0);
        conversation.GetProperty("lastMessage").GetProperty("direction").GetString().ShouldBe("outbound");
        (await talk.Mcp.ResultAsync("list_conversations", new { unread = true, limit = 100 })).GetProperty("conversations").EnumerateArray()
            .ShouldNotContain(item => item.GetProperty("contact").GetProperty("phone").GetString() == $"+{talk.Phone}");
        await talk.HearAsync("four");
        (await OfAsync(talk)).GetProperty("unread").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task ConversationsArePagedFromTheLatestToTheEndWhileMessagesArrive()
    {
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        var known = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            var conversation = await Written.ConversationAsync(system, client.Client.Id.Value, client.Channel.Id.Value);
            await Written.MessageAsync(system, conversation, $"in {i}");
            known.Add(Written.Id(conversation));
        }

        var seen = new List<string>();
        string? next = null;
        do
        {
            var page = await mcp.ResultAsync("list_conversations", new { channel = client.Channel.Name, next, limit = 2 });
            seen.AddRange(page.GetProperty("conversations").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            next = page.TryGetProperty("next", out var more) ? more.GetString() : null;
            var arrived = await Written.ConversationAsync(system, client.Client.Id.Value, client.Channel.Id.Value);
            await Written.MessageAsync(system, arrived, "meanwhile");
        }
        while (next is not null);

        seen.Where(known.Contains).ShouldBe(Enumerable.Reverse(known));
    }

    [Fact]
    public async Task ContactsAreListedAndFound()
    {
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        foreach (var (phone, name) in new[] { ("15570000001", "Ada_L"), ("15570000002", "Grace 100%"), ("15570000003", "adam") })
        {
            await Written.ConversationAsync(system, client.Client.Id.Value, client.Channel.Id.Value, phone);
            await system.QueryAsync<object>("UPDATE contacts SET name = $3 WHERE client_id = $1 AND phone = $2", client.Client.Id.Value, phone, name);
        }

        (await FindAsync("ada")).ShouldBe(["adam", "Ada_L"]);
        (await FindAsync("a_l")).ShouldBe(["Ada_L"]);
        (await FindAsync("0%")).ShouldBe(["Grace 100%"]);
        (await FindAsync("+15570000003")).ShouldBe(["adam"]);
        (await FindAsync("\\")).ShouldBeEmpty();
        var first = await mcp.ResultAsync("list_contacts", new { find = "1557000000", limit = 2 });
        Names(first).ShouldBe(["adam", "Grace 100%"]);
        var rest = await mcp.ResultAsync("list_contacts", new { find = "1557000000", limit = 2, nextContact = first.GetProperty("next").GetString() });
        Names(rest).ShouldBe(["Ada_L"]);
        rest.TryGetProperty("next", out _).ShouldBeFalse();

        var one = first.GetProperty("contacts")[0];
        var read = await mcp.ResultAsync("get_contact", new { contactId = one.GetProperty("id").GetString() });
        read.GetRawText().ShouldBe(one.GetRawText());
        (await mcp.ResultAsync("get_contact", new { channel = client.Channel.Name, person = "+15570000003" })).GetRawText().ShouldBe(one.GetRawText());
        (await mcp.CallAsync("get_contact", new { channel = client.Channel.Name, person = "+15570000009" })).Reason.ShouldBe("not_found");

        await system.Console.RevokeGrantAsync(client.Client, client.Channel);
        (await mcp.CallAsync("get_contact", new { contactId = one.GetProperty("id").GetString() })).Reason.ShouldBe("not_found");
        Names(await mcp.ResultAsync("list_contacts")).ShouldBeEmpty();
        (await mcp.ResultAsync("list_conversations")).GetProperty("conversations").EnumerateArray().ShouldBeEmpty();

        async Task<string[]> FindAsync(string find) => Names(await mcp.ResultAsync("list_contacts", new { find, limit = 100 }));
    }

    [Fact]
    public async Task WhoIsFarBackIsFoundOnALaterPage()
    {
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        await system.QueryAsync<object>(
            """
            INSERT INTO contacts (id, client_id, channel_id, phone, username, created_at)
            SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, $2, (15580000000 + n)::text, CASE n WHEN 0 THEN 'far.back' END, now()
            FROM generate_series(0, 5100) n
            """,
            client.Client.Id.Value, client.Channel.Id.Value);
        var first = await mcp.ResultAsync("list_contacts", new { find = "FAR.back" });
        first.GetProperty("contacts").GetArrayLength().ShouldBe(0);
        var second = await mcp.ResultAsync("list_contacts", new { find = "FAR.back", nextContact = first.GetProperty("next").GetString() });
        second.GetProperty("contacts").EnumerateArray().ShouldHaveSingleItem().GetProperty("username").GetString().ShouldBe("far.back");
        second.TryGetProperty("next", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task TheContextOfAMessageIsItsConversation()
    {
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        var (mine, others) = (await ConversationAsync(), await ConversationAsync());
        var ids = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            ids.Add(await Written.MessageAsync(system, mine, $"text {i}"));
            await Written.MessageAsync(system, others, "another conversation");
        }

        var context = await mcp.ResultAsync("get_message_context", new { messageId = ids[3], earlier = 2, later = 9 });
        context.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("id").GetString()).ShouldBe(ids[1..]);
        (context.GetProperty("hasEarlier").GetBoolean(), context.GetProperty("hasLater").GetBoolean()).ShouldBe((true, false));
        var alone = await mcp.ResultAsync("get_message_context", new { messageId = ids[3], earlier = 0, later = 0 });
        alone.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("id").GetString()).ShouldBe([ids[3]]);
        await system.Console.RevokeGrantAsync(client.Client, client.Channel);
        (await mcp.CallAsync("get_message_context", new { messageId = ids[3] })).Reason.ShouldBe("not_found");

        Task<Guid> ConversationAsync() => Written.ConversationAsync(system, client.Client.Id.Value, client.Channel.Id.Value);
    }

    [Fact]
    public async Task AFileIsALinkAndBelongsToTheChannelsOfItsMessages()
    {
        var talk = await Talk.OpenAsync(system);
        var sent = await talk.SendAsync(
            "send_media", new { type = "document", data = Convert.ToBase64String(FilesOf.Png), fileName = "plan.png" });
        var mediaId = sent.GetProperty("mediaIds")[0].GetString();

        var answer = await talk.Mcp.CallAsync("get_media", new { mediaId });

        answer.Structured.GetProperty("mimeType").GetString().ShouldBe("image/png");
        answer.Structured.GetProperty("size").GetInt64().ShouldBe(FilesOf.Png.Length);
        var link = answer.Message.GetProperty("result").GetProperty("content").EnumerateArray().Single(block => block.GetProperty("type").GetString() == "resource_link");
        link.GetProperty("uri").GetString().ShouldBe($"wamcp://media/{mediaId}");
        link.GetProperty("size").GetInt64().ShouldBe(FilesOf.Png.Length);
        await system.Console.RevokeGrantAsync(talk.Client.Client, talk.Client.Channel);
        (await talk.Mcp.CallAsync("get_media", new { mediaId })).Reason.ShouldBe("not_found");
    }

    private static async Task<JsonElement> OfAsync(Talk talk) =>
        (await talk.Mcp.ResultAsync("list_conversations", new { limit = 100 })).GetProperty("conversations").EnumerateArray()
            .Single(item => item.GetProperty("contact").GetProperty("phone").GetString() == $"+{talk.Phone}");

    private static string[] Names(JsonElement page) =>
        [.. page.GetProperty("contacts").EnumerateArray().Where(contact => contact.GetProperty("phone").GetString()!.StartsWith("+1557", StringComparison.Ordinal))
            .Select(contact => contact.GetProperty("name").GetString()!)];
}
