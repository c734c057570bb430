using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

/// <summary>What is unread is what the client has neither marked as read nor answered after it was given it.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class UnreadTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task AnAnswerClearsOnlyWhatTheClientWasGiven()
    {
        var talk = await Talk.OpenAsync(system);
        var conversation = await ConversationAsync(talk);
        var never = await Written.MessageAsync(system, conversation, "written while the answer was");
        await talk.SendAsync("send_message", new { text = "to the first" });

        (await UnreadAsync(talk)).ShouldBe(1);
        var heard = await talk.Mcp.ResultAsync("wait_for_reply", new { conversationId = Written.Id(conversation), timeoutSeconds = 60 });
        Ids(heard).ShouldBe([never]);
        (await UnreadAsync(talk)).ShouldBe(1, "to be given something is not to answer it");
        await talk.SendAsync("send_message", new { text = "to the second" });
        (await UnreadAsync(talk)).ShouldBe(0);
    }

    [Fact]
    public async Task ASendThatIsRefusedClearsNothing()
    {
        var talk = await Talk.OpenAsync(system);
        await talk.LetPassAsync(TimeSpan.FromHours(25));
        (await talk.TryAsync("send_message", new { text = "too late" })).Reason.ShouldBe("window_closed");
        (await UnreadAsync(talk)).ShouldBe(1);
    }

    [Fact]
    public async Task ABroadcastToPeopleWhoseMessagesNobodyReadClearsNothing()
    {
        var client = await system.Console.OnboardAsync();
        var talk = new Talk(system, client, system.Mcp(client.Token), WebhookDriver.Phone());
        var conversation = await Written.ConversationAsync(system, client.Client.Id.Value, client.Channel.Id.Value, talk.Phone);
        await Written.MessageAsync(system, conversation, "does anybody read this?");
        await talk.SendAsync("send_template", new { name = "hello_world" });
        (await UnreadAsync(talk)).ShouldBe(1);
    }

    [Fact]
    public async Task APageOfTheNewestDoesNotCoverWhatCameBefore()
    {
        var talk = await Talk.OpenAsync(system);
        var conversation = await ConversationAsync(talk);
        await talk.SendAsync("send_message", new { text = "what was there is answered" });
        for (var i = 0; i < 12; i++)
        {
            await Written.MessageAsync(system, conversation, $"text {i}");
        }

        await talk.Mcp.ResultAsync("get_messages", new { conversationId = Written.Id(conversation), limit = 5 });
        await talk.SendAsync("send_message", new { text = "to the last five" });
        (await UnreadAsync(talk)).ShouldBe(12, "seven of them were never given");
        await talk.Mcp.ResultAsync("get_messages", new { conversationId = Written.Id(conversation), limit = 30 });
        await talk.SendAsync("send_message", new { text = "to all" });
        (await UnreadAsync(talk)).ShouldBe(0);
    }

    [Fact]
    public async Task AMessageThatIsCommittedWhileOthersAreMarkedAsReadStaysUnread()
    {
        var talk = await Talk.BeginAsync(system);
        var first = await talk.HearAsync();
        var conversation = await ConversationAsync(talk);
        await using var connection = new NpgsqlConnection(system.Database.Owner);
        await connection.OpenAsync();
        await using var writing = await connection.BeginTransactionAsync();
        await using (var insert = new NpgsqlCommand(Written.Message, connection))
        {
            insert.Parameters.AddWithValue(TypedId.New<MessageId>().Value);
            insert.Parameters.AddWithValue(conversation);
            insert.Parameters.AddWithValue("a moment later");
            await insert.ExecuteNonQueryAsync();
        }

        var marking = talk.SendAsync("mark_read", new { messageId = first });
        await Eventually.TrueAsync("it waits for whoever writes", async () => await system.QueryAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE conversations%'") > 0);
        await writing.CommitAsync();
        await marking;
        (await UnreadAsync(talk)).ShouldBe(1);
    }

    [Fact]
    public async Task WhatIsNothingToReadDoesNotCount()
    {
        var client = await system.Console.OnboardAsync();
        var (webhooks, phone) = (new WebhookDriver(system), WebhookDriver.Phone());
        var talk = new Talk(system, client, system.Mcp(client.Token), phone);
        var (text, never) = (WebhookDriver.Text("hello", phone), WebhookDriver.Wamid());
        await WriteAsync(text);
        (await UnreadAsync(talk)).ShouldBe(1);
        foreach (var other in new[]
        {
            $$$"""{"type":"reaction","reaction":{"message_id":"{{{text["id"]}}}","emoji":"👍"}}""",
            $$$"""{"type":"revoke","revoke":{"original_message_id":"{{{never}}}"}}""",
            $$$"""{"type":"edit","edit":{"original_message_id":"{{{text["id"]}}}","message":{"type":"text","text":{"body":"hello!"} } } }""",
            """{"type":"system","system":{"body":"changed","type":"user_changed_number"}}""",
        })
        {
            await WriteAsync(WebhookDriver.Message(other, phone));
        }

        (await UnreadAsync(talk)).ShouldBe(1);
        await WriteAsync(WebhookDriver.Text("taken back before it came", phone, id: never));
        (await UnreadAsync(talk)).ShouldBe(1);
        var heard = await talk.Mcp.ResultAsync("wait_for_reply", new { channel = talk.Channel, person = phone, timeoutSeconds = 60 });
        heard.GetProperty("messages").GetArrayLength().ShouldBe(1);

        async Task WriteAsync(JsonObject message)
        {
            await webhooks.WriteAsync(message);
            await webhooks.DoneAsync();
        }
    }

    [Fact]
    public async Task TheClocksOfThoseWhoRecordDoNotMatter()
    {
        var talk = await Talk.OpenAsync(system);
        var conversation = await ConversationAsync(talk);
        var ahead = Guid.Parse("7fffffff-ffff-7fff-8fff-ffffffffffff"); // recorded where the clock is wrong
        await system.QueryAsync<object>(
            "UPDATE conversations SET last_inbound_id = $2, shown_until = $2, read_until = $2 WHERE id = $1", conversation, ahead);
        await talk.HearAsync("later all the same");
        await talk.HearAsync("and later still");
        (await UnreadAsync(talk)).ShouldBe(2);
        var heard = await talk.Mcp.ResultAsync("wait_for_reply", new { conversationId = Written.Id(conversation), timeoutSeconds = 60 });
        Texts(heard).ShouldBe(["later all the same", "and later still"]);
    }

    [Fact]
    public async Task NobodyWaitsForAnAnswerOnceTheyAreErased()
    {
        var talk = await Talk.OpenAsync(system);
        var conversation = await ConversationAsync(talk);
        await system.Console.EraseAsync(talk.Client, talk.Phone);
        (await talk.Mcp.ResultAsync("list_conversations", new { unread = true, limit = 100 })).GetProperty("conversations").EnumerateArray()
            .ShouldNotContain(item => item.GetProperty("id").GetString() == Written.Id(conversation));
    }

    [Fact]
    public async Task ManyAreCountedToAHundredAndGivenPageByPage()
    {
        var client = await system.Console.OnboardAsync();
        var talk = new Talk(system, client, system.Mcp(client.Token), WebhookDriver.Phone());
        var conversation = await Written.ConversationAsync(system, client.Client.Id.Value, client.Channel.Id.Value, talk.Phone);
        for (var i = 0; i < 105; i++)
        {
            await Written.MessageAsync(system, conversation, $"text {i}");
        }

        (await UnreadAsync(talk)).ShouldBe(100);
        (await talk.Mcp.ResultAsync("get_contact", new { channel = talk.Channel, person = talk.Phone })).GetProperty("unread").GetInt32().ShouldBe(100);
        var (texts, since) = (new List<string>(), (string?)null);
        for (var more = true; more;)
        {
            var page = await talk.Mcp.ResultAsync("wait_for_reply", new { conversationId = Written.Id(conversation), since, timeoutSeconds = 60 });
            texts.AddRange(Texts(page));
            (since, more) = (page.GetProperty("cursor").GetString(), page.GetProperty("hasMore").GetBoolean());
        }

        texts.ShouldBe(Enumerable.Range(0, 105).Select(i => $"text {i}"));
        await talk.SendAsync("send_template", new { name = "hello_world" });
        (await UnreadAsync(talk)).ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatWasUnreadInEitherOfTwoConversationsIsUnreadInTheOneTheyBecome(bool isOlderRead)
    {
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        var (webhooks, user, phone) = (new WebhookDriver(system), WebhookDriver.User(), WebhookDriver.Phone());
        var (older, newer) = (WebhookDriver.Text("older", null, user), WebhookDriver.Text("newer", phone));
        await WriteAsync(WebhookDriver.Text("long read", null, user));
        await MarkAsync("long read");
        await WriteAsync(older);
        await WriteAsync(newer);
        await MarkAsync(isOlderRead ? "older" : "newer");

        await WriteAsync(WebhookDriver.Text("it is me", phone, user));

        var conversation = (await mcp.ResultAsync("list_conversations", new { unread = true })).GetProperty("conversations").EnumerateArray().ShouldHaveSingleItem();
        var heard = await mcp.ResultAsync("wait_for_reply", new { conversationId = conversation.GetProperty("id").GetString(), timeoutSeconds = 60 });
        Texts(heard).ShouldContain(isOlderRead ? "newer" : "older");
        Texts(heard).ShouldContain("it is me");
        Texts(heard).ShouldNotContain("long read");

        async Task WriteAsync(JsonObject message)
        {
            await webhooks.WriteAsync(message);
            await webhooks.DoneAsync();
        }

        async Task MarkAsync(string text)
        {
            var id = await system.QueryAsync<Guid>("SELECT id FROM messages WHERE client_id = $1 AND body = $2", client.Client.Id.Value, text);
            await mcp.ResultAsync("mark_read", new { channel = client.Channel.Name, messageId = new MessageId(id).ToString() });
        }
    }

    private Task<Guid> ConversationAsync(Talk talk) => system.QueryAsync<Guid>(
        "SELECT v.id FROM conversations v JOIN contacts c ON c.id = v.contact_id WHERE c.client_id = $1 AND c.phone = $2", talk.Client.Client.Id.Value, talk.Phone);

    // In the list of all, and in the list of those that wait.
    private static async Task<int> UnreadAsync(Talk talk)
    {
        var counts = new List<int>();
        foreach (var unread in new[] { false, true })
        {
            counts.Add((await talk.Mcp.ResultAsync("list_conversations", new { unread, limit = 100 })).GetProperty("conversations").EnumerateArray()
                .Where(item => item.GetProperty("contact").GetProperty("phone").GetString() == $"+{talk.Phone}")
                .Select(item => item.GetProperty("unread").GetInt32()).SingleOrDefault());
        }

        return counts.Distinct().ShouldHaveSingleItem();
    }

    private static string[] Ids(JsonElement answer) =>
        [.. answer.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("id").GetString()!)];

    private static string[] Texts(JsonElement answer) =>
        [.. answer.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("text").GetString()!)];
}
