using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

/// <summary>When two contacts become one, and when they must not.</summary>
[Collection(SharedSystemTests.Name)]
public sealed class MergeTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;
    private readonly WebhookDriver webhooks = new(shared.System);

    [Fact]
    public async Task OldIdsStayGoodAndWhatMovedIsNewInItsConversation()
    {
        var client = await system.Console.OnboardAsync();
        var mcp = system.Mcp(client.Token);
        var (user, phone) = (WebhookDriver.User(), WebhookDriver.Phone());
        await WriteAsync(WebhookDriver.Text("one", null, user));
        await WriteAsync(WebhookDriver.Text("two", phone));
        var (kept, ended) = (await IdsAsync(client, "one"), await IdsAsync(client, "two"));
        var since = (await mcp.ResultAsync("get_messages", new { conversationId = kept.Conversation })).GetProperty("cursor").GetString();

        await WriteAsync(WebhookDriver.Text("three", phone, user));

        foreach (var conversationId in new[] { kept.Conversation, ended.Conversation })
        {
            var read = await mcp.ResultAsync("get_messages", new { conversationId });
            Texts(read).ShouldBe(["one", "two", "three"]);
            read.GetProperty("messages")[1].GetProperty("conversationId").GetString().ShouldBe(kept.Conversation);
        }

        Texts(await mcp.ResultAsync("get_messages", new { conversationId = kept.Conversation, since })).ShouldBe(["two", "three"], ignoreOrder: true);
        (await mcp.ResultAsync("get_contact", new { contactId = ended.Contact })).GetProperty("id").GetString().ShouldBe(kept.Contact);
        var audited = JsonNode.Parse((await system.QueryAsync<string>(
            "SELECT metadata::text FROM audit_log WHERE action = 'contacts_merged' AND client_id = $1", client.Client.Id.Value))!)!.AsObject();
        ((string)audited["contact"]!).ShouldBe(kept.Contact);
        ((string)audited["ended"]!).ShouldBe(ended.Contact);
        ((long)audited["messages"]!).ShouldBe(1);

        // And once more: what led to the one that ends now leads on.
        var older = WebhookDriver.Text("four", null, WebhookDriver.User());
        await WriteAsync(older);
        var update = WebhookDriver.Value(ConsoleDriver.SupportNumber);
        update["user_id_update"] = new JsonArray(new JsonObject
        {
            ["wa_id"] = phone,
            ["user_id"] = new JsonObject { ["previous"] = user, ["current"] = (string)older["from_user_id"]! },
            ["timestamp"] = WebhookDriver.Seconds(WebhookDriver.Moment()),
        });
        var last = await IdsAsync(client, "four");
        await webhooks.DeliverAsync(WebhookDriver.Envelope(("user_id_update", update)));
        await webhooks.DoneAsync();
        foreach (var contactId in new[] { kept.Contact, ended.Contact, last.Contact })
        {
            (await mcp.ResultAsync("get_contact", new { contactId })).GetProperty("id").GetString().ShouldBe(kept.Contact);
        }
    }

    [Fact]
    public async Task WhoComesWithANumberThatWasSilentForLongIsSomebodyElse()
    {
        var client = await system.Console.OnboardAsync();
        var (user, phone) = (WebhookDriver.User(), WebhookDriver.Phone());
        var (then, between) = (DateTimeOffset.UtcNow.AddDays(-200), DateTimeOffset.UtcNow.AddDays(-150));
        await WriteAsync(WebhookDriver.Text("long ago", phone, at: then));
        await system.QueryAsync<object>("UPDATE conversations SET last_message_at = $2 WHERE client_id = $1", client.Client.Id.Value, then);

        await WriteAsync(WebhookDriver.Text("my number now", phone, user, at: DateTimeOffset.UtcNow));
        await WriteAsync(WebhookDriver.Text("late", phone, at: between));

        (await PeopleAsync(client)).ShouldBe(["long ago, late", "my number now"], ignoreOrder: true);
        (await system.QueryAsync<string>("SELECT provider_user_id FROM contacts WHERE client_id = $1 AND phone = $2", client.Client.Id.Value, phone)).ShouldBe(user);
    }

    [Fact]
    public async Task LateWordsOfEachOwnerOfANumberAreTheirOwn()
    {
        var client = await system.Console.OnboardAsync();
        var (phone, moments) = (WebhookDriver.Phone(), Enumerable.Range(0, 6).Select(_ => WebhookDriver.Moment()).ToArray());
        foreach (var owner in new[] { 0, 1, 2 })
        {
            await WriteAsync(WebhookDriver.Text($"owner {owner}", phone, WebhookDriver.User(), at: moments[owner * 2]));
        }

        foreach (var owner in new[] { 2, 0, 1 })
        {
            await WriteAsync(WebhookDriver.Text($"late {owner}", phone, at: moments[(owner * 2) + 1]));
        }

        (await PeopleAsync(client)).ShouldBe(["owner 0, late 0", "owner 1, late 1", "owner 2, late 2"], ignoreOrder: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhoGivesANumberUpHasItNoMoreInWhateverOrderThatComes(bool changeFirst)
    {
        var client = await system.Console.OnboardAsync();
        var (user, next, oldPhone, newPhone) = (WebhookDriver.User(), WebhookDriver.User(), WebhookDriver.Phone(), WebhookDriver.Phone());
        await WriteAsync(WebhookDriver.Text("before", oldPhone, user));
        var change = WebhookDriver.Message($$$"""{"type":"system","system":{"body":"changed","type":"user_changed_number","wa_id":"{{{newPhone}}}"}}""", oldPhone);
        var after = WebhookDriver.Text("after", newPhone, next);
        foreach (var message in changeFirst ? new[] { change, after } : [after, change])
        {
            await WriteAsync(message);
        }

        (await system.QueryAsync<string>("SELECT string_agg(provider_user_id || ' ' || coalesce(phone, '-'), ', ' ORDER BY id) FROM contacts WHERE client_id = $1", client.Client.Id.Value))
            .ShouldBe($"{user} -, {next} {newPhone}");
    }

    [Fact]
    public async Task SomebodyElseInTheListWithTheSameNumberIsNotTheWriter()
    {
        var client = await system.Console.OnboardAsync();
        var (user, other, phone) = (WebhookDriver.User(), WebhookDriver.User(), WebhookDriver.Phone());
        JsonObject Entry(string id, string name) => new() { ["user_id"] = id, ["wa_id"] = phone, ["parent_user_id"] = $"US.ENT.{id[3..]}", ["profile"] = new JsonObject { ["name"] = name } };
        await webhooks.DeliverAsync(WebhookDriver.Envelope(("messages", WebhookDriver.Value(
            ConsoleDriver.SupportNumber, [WebhookDriver.Text("me", phone, user)], [Entry(other, "Eve"), Entry(user, "Ada")]))));
        await webhooks.DeliverAsync(WebhookDriver.Envelope(("messages", WebhookDriver.Value(
            ConsoleDriver.SupportNumber, [WebhookDriver.Text("me too", phone, user)], [Entry(other, "Eve")]))));
        await webhooks.DoneAsync();

        (await system.QueryAsync<string>("SELECT string_agg(provider_user_id || ' ' || name, ', ') FROM contacts WHERE client_id = $1", client.Client.Id.Value)).ShouldBe($"{user} Ada");
        (await system.QueryAsync<string>("SELECT string_agg(value, ', ') FROM contact_aliases WHERE client_id = $1", client.Client.Id.Value)).ShouldBe($"US.ENT.{user[3..]}");
    }

    [Theory]
    [InlineData("stop", "resume")]
    [InlineData("resume", "stop")]
    public async Task OfTwoWordsAboutMarketingInOneSecondTheStopCounts(string first, string second)
    {
        var client = await system.Console.OnboardAsync();
        var (user, at) = (WebhookDriver.User(), WebhookDriver.Seconds(WebhookDriver.Moment()));
        foreach (var value in new[] { first, second })
        {
            var document = WebhookDriver.Value(ConsoleDriver.SupportNumber);
            document["user_preferences"] = new JsonArray(new JsonObject { ["user_id"] = user, ["category"] = "marketing_messages", ["value"] = value, ["timestamp"] = at });
            await webhooks.DeliverAsync(WebhookDriver.Envelope(("user_preferences", document)));
            await webhooks.DoneAsync();
        }

        (await system.QueryAsync<bool>("SELECT marketing_stopped_at IS NOT NULL FROM contacts WHERE client_id = $1", client.Client.Id.Value)).ShouldBeTrue();
    }

    [Fact]
    public async Task AWordInAGroupOpensNoWindowAndOneWithoutATimeIsOfWhenItCame()
    {
        var client = await system.Console.OnboardAsync();
        var (inGroup, timeless) = (WebhookDriver.Text("to all", null, WebhookDriver.User()), WebhookDriver.Text("now", null, WebhookDriver.User()));
        inGroup["group_id"] = "g1";
        timeless.Remove("timestamp");
        await WriteAsync(inGroup);
        await WriteAsync(timeless);

        (await system.QueryAsync<string>(
            "SELECT string_agg(body || ' ' || coalesce((last_inbound_at > now() - interval '1 hour')::text, '-'), ', ' ORDER BY body) FROM conversations v JOIN messages m ON m.conversation_id = v.id WHERE v.client_id = $1",
            client.Client.Id.Value)).ShouldBe("now true, to all -");
    }

    private async Task WriteAsync(JsonObject message)
    {
        await webhooks.WriteAsync(message);
        await webhooks.DoneAsync();
    }

    [Fact]
    public async Task WhoWantsNoMarketingUnderAnEndedIdWantsNoneUnderTheOther()
    {
        var client = await system.Console.OnboardAsync();
        var (user, phone) = (WebhookDriver.User(), WebhookDriver.Phone());
        await WriteAsync(WebhookDriver.Text("one", null, user));
        await WriteAsync(WebhookDriver.Text("two", phone));
        var ended = await system.QueryAsync<Guid>("SELECT contact_id FROM messages WHERE client_id = $1 AND body = 'two'", client.Client.Id.Value);
        await WriteAsync(WebhookDriver.Text("three", phone, user));

        // As a send learns it that was refused, and began before the two became one.
        await using var scope = system.WorkerApplication.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Set(client.Client.Id);
        var book = scope.ServiceProvider.GetRequiredService<ContactBook>();
        await book.PreferAsync(new ContactId(ended), stopsMarketing: true, DateTimeOffset.UtcNow, CancellationToken.None);

        (await system.QueryAsync<bool>("SELECT bool_and(marketing_stopped_at IS NOT NULL) AND count(*) = 1 FROM contacts WHERE client_id = $1", client.Client.Id.Value)).ShouldBeTrue();
    }

    private async Task<(string Contact, string Conversation)> IdsAsync(TestClient client, string body)
    {
        var ids = (await system.QueryAsync<Guid[]>("SELECT ARRAY[contact_id, conversation_id] FROM messages WHERE client_id = $1 AND body = $2", client.Client.Id.Value, body))!;
        return (new ContactId(ids[0]).ToString(), new ConversationId(ids[1]).ToString());
    }

    // What each person wrote.
    private async Task<string[]> PeopleAsync(TestClient client) => (await system.QueryAsync<string[]>(
        "SELECT array_agg(said) FROM (SELECT string_agg(body, ', ' ORDER BY id) AS said FROM messages WHERE client_id = $1 GROUP BY contact_id) people",
        client.Client.Id.Value))!;

    private static string[] Texts(System.Text.Json.JsonElement page) =>
        [.. page.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("text").GetString()!)];
}
