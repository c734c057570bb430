using System.Text.Json.Nodes;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

/// <summary>One person is one contact with one conversation, whatever the provider calls them.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class IdentityTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;
    private readonly WebhookDriver webhooks = new(shared.System);

    [Fact]
    public async Task SomebodyWithoutANumberIsKnownByTheirId()
    {
        var client = await system.Console.OnboardAsync();
        var user = WebhookDriver.User();
        var message = WebhookDriver.Text("hello", null, user);
        await webhooks.DeliverAsync(WebhookDriver.Envelope(("messages", WebhookDriver.Value(
            ConsoleDriver.SupportNumber, [message], [new JsonObject { ["user_id"] = user, ["profile"] = new JsonObject { ["name"] = "Ada", ["username"] = "ada.l" } }]))));

        var contact = (await webhooks.SeenAsync(client, message["id"]!.GetValue<string>())).GetProperty("contact");
        contact.GetProperty("userId").GetString().ShouldBe(user);
        contact.GetProperty("name").GetString().ShouldBe("Ada");
        contact.GetProperty("username").GetString().ShouldBe("ada.l");
        contact.TryGetProperty("phone", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task TwoRowsThatAWebhookNamesTogetherBecomeOne()
    {
        var client = await system.Console.OnboardAsync();
        var (user, phone) = (WebhookDriver.User(), WebhookDriver.Phone());
        var (byPhone, byUser, byBoth) = (WebhookDriver.Text("one", phone), WebhookDriver.Text("two", null, user), WebhookDriver.Text("three", phone, user));
        await WriteAsync(byPhone);
        var old = await system.QueryAsync<Guid>("SELECT id FROM contacts WHERE client_id = $1 AND phone = $2", client.Client.Id.Value, phone);
        await WriteAsync(byUser);
        (await PeopleAsync(client)).ShouldBe(2);

        await WriteAsync(byBoth);

        (await PeopleAsync(client)).ShouldBe(1);
        (await system.QueryAsync<string>("SELECT id || ' ' || provider_user_id || ' ' || phone FROM contacts WHERE client_id = $1", client.Client.Id.Value))
            .ShouldBe($"{old} {user} {phone}", "the oldest row stays");
        (await ConversationsAsync(client)).ShouldBe("3");
        (await system.QueryAsync<bool>(
            "SELECT last_inbound_at = (SELECT max(sent_at) FROM messages WHERE client_id = $1) FROM conversations WHERE client_id = $1", client.Client.Id.Value)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhoGetsAnotherNumberAndIdStaysThemselves(bool newFirst)
    {
        var client = await system.Console.OnboardAsync();
        var (oldUser, newUser, oldPhone, newPhone) = (WebhookDriver.User(), WebhookDriver.User(), WebhookDriver.Phone(), WebhookDriver.Phone());
        var before = WebhookDriver.Text("before", oldPhone, oldUser);
        var late = WebhookDriver.Text("late", oldPhone, oldUser);
        var lateWithoutId = WebhookDriver.Text("late too", oldPhone);
        var change = WebhookDriver.Message(
            $$$"""{"type":"system","system":{"body":"changed","type":"user_changed_number","wa_id":"{{{newPhone}}}","user_id":"{{{newUser}}}","previous_user_id":"{{{oldUser}}}"}}""", oldPhone);
        var after = WebhookDriver.Text("after", newPhone, newUser);
        await WriteAsync(before);
        foreach (var message in newFirst ? new[] { after, change } : [change, after])
        {
            await WriteAsync(message);
        }

        await WriteAsync(late);
        await WriteAsync(lateWithoutId);

        (await PeopleAsync(client)).ShouldBe(1);
        (await ConversationsAsync(client)).ShouldBe("5");
        (await system.QueryAsync<string>("SELECT provider_user_id || ' ' || phone FROM contacts WHERE client_id = $1", client.Client.Id.Value)).ShouldBe($"{newUser} {newPhone}");

        // Whoever gets the old number now is somebody else.
        await WriteAsync(WebhookDriver.Text("who are you?", oldPhone));
        (await PeopleAsync(client)).ShouldBe(2);
    }

    [Fact]
    public async Task AnUpdateOfIdsPutsTwoTogetherAndTheirQueueStaysInOrder()
    {
        var client = await system.Console.OnboardAsync();
        var (oldUser, newUser, phone) = (WebhookDriver.User(), WebhookDriver.User(), WebhookDriver.Phone());
        await WriteAsync(WebhookDriver.Text("old", null, oldUser, at: DateTimeOffset.UtcNow)); // who may be answered
        await WriteAsync(WebhookDriver.Text("new", null, newUser, at: DateTimeOffset.UtcNow));
        await PauseAsync(client, TimeSpan.FromHours(1));
        var mcp = system.Mcp(client.Token);
        foreach (var (to, text) in new[] { (newUser, "1"), (oldUser, "2"), (newUser, "3"), (oldUser, "4") })
        {
            (await mcp.CallAsync("send_message", new { channel = client.Channel.Name, to, text })).IsError.ShouldBeFalse();
        }

        var value = WebhookDriver.Value(ConsoleDriver.SupportNumber);
        value["user_id_update"] = new JsonArray(new JsonObject
        {
            ["wa_id"] = phone,
            ["user_id"] = new JsonObject { ["previous"] = oldUser, ["current"] = newUser },
            ["timestamp"] = WebhookDriver.Seconds(WebhookDriver.Moment()),
        });
        var update = WebhookDriver.Envelope(("user_id_update", value));
        await webhooks.DeliverAsync(update);
        await webhooks.DeliverAsync(update);
        await webhooks.DoneAsync();

        (await PeopleAsync(client)).ShouldBe(1);
        (await ConversationsAsync(client)).ShouldBe("6");
        (await system.QueryAsync<string>(
            "SELECT string_agg(body || ' ' || waits, ', ' ORDER BY seq) FROM jobs JOIN messages ON messages.id = subject_id WHERE jobs.client_id = $1", client.Client.Id.Value))
            .ShouldBe("1 false, 2 true, 3 true, 4 true");
        (await system.QueryAsync<long>("SELECT count(DISTINCT order_key) FROM jobs WHERE client_id = $1", client.Client.Id.Value)).ShouldBe(1);
        await PauseAsync(client, TimeSpan.Zero);
        await Eventually.TrueAsync("all four leave", async () =>
            await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE client_id = $1", client.Client.Id.Value) == 0);
    }

    [Fact]
    public async Task AStatusTellsWhoGotTheMessage()
    {
        var client = await system.Console.OnboardAsync();
        var (user, phone) = (WebhookDriver.User(), WebhookDriver.Phone());
        await WriteAsync(WebhookDriver.Text("by id", null, user));
        await PauseAsync(client, TimeSpan.FromHours(1)); // the sandbox would give the person an id of its own
        var sent = await system.Mcp(client.Token).ResultAsync("send_template", new { channel = client.Channel.Name, to = phone, name = "hello_world" });
        (await PeopleAsync(client)).ShouldBe(2);

        await webhooks.DeliverAsync(WebhookDriver.Envelope(("messages", WebhookDriver.Value(ConsoleDriver.SupportNumber, statuses: [new JsonObject
        {
            ["id"] = WebhookDriver.Wamid(), ["status"] = "sent", ["timestamp"] = WebhookDriver.Seconds(WebhookDriver.Moment()), ["recipient_id"] = phone,
            ["recipient_user_id"] = user, ["biz_opaque_callback_data"] = sent.GetProperty("messageId").GetString(),
        }]))));
        await webhooks.DoneAsync();

        (await PeopleAsync(client)).ShouldBe(1);
        await PauseAsync(client, TimeSpan.Zero);
    }

    [Fact]
    public async Task ANumberThatChangedHandsTakesNobodyAlong()
    {
        var client = await system.Console.OnboardAsync();
        var (first, second, phone) = (WebhookDriver.User(), WebhookDriver.User(), WebhookDriver.Phone());
        var (early, late) = (WebhookDriver.Moment(), WebhookDriver.Moment());
        await WriteAsync(WebhookDriver.Text("mine now", phone, second, at: late));
        await WriteAsync(WebhookDriver.Text("was mine", phone, first, at: early)); // comes later, and was written before

        (await system.QueryAsync<string>("SELECT provider_user_id FROM contacts WHERE client_id = $1 AND phone = $2", client.Client.Id.Value, phone)).ShouldBe(second);
        (await PeopleAsync(client)).ShouldBe(2);
    }

    private async Task WriteAsync(JsonObject message)
    {
        await webhooks.WriteAsync(message);
        await webhooks.DoneAsync();
    }

    private Task<object?> PauseAsync(TestClient client, TimeSpan pause) => system.QueryAsync<object>(
        "INSERT INTO pacing VALUES ('number:' || $1::text, now() + $2) ON CONFLICT (subject) DO UPDATE SET tat = excluded.tat", client.Channel.Id.Value, pause);

    private Task<long> PeopleAsync(TestClient client) => system.QueryAsync<long>("SELECT count(*) FROM contacts WHERE client_id = $1", client.Client.Id.Value);

    // How many messages each conversation of the client has.
    private Task<string?> ConversationsAsync(TestClient client) => system.QueryAsync<string>(
        """
        SELECT string_agg(count::text, ' ') FROM (
            SELECT count(m.id) FROM conversations v JOIN contacts c ON c.id = v.contact_id LEFT JOIN messages m ON m.conversation_id = v.id AND m.contact_id = c.id
            WHERE v.client_id = $1 GROUP BY v.id) counted
        """,
        client.Client.Id.Value);
}
