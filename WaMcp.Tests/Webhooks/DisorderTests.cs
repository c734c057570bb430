using System.Text.Json.Nodes;
using WaMcp.Tests.Auth;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Webhooks;

/// <summary>
/// In whatever order and however often deliveries come, whoever of two workers takes them, and whatever is sent meanwhile: the end is the same, and
/// nobody waits for somebody who waits for them.
/// </summary>
public sealed class DisorderTests : IAsyncLifetime
{
    private const int Orders = 12;

    private WaMcpSystem system = null!;
    private WebhookDriver webhooks = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartAsync();
        await system.AddWorkerProcessAsync();
        webhooks = new WebhookDriver(system);
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public async Task TheEndIsTheSame()
    {
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        // What is sent stays in the queue: the sandbox would give people ids of its own.
        await system.QueryAsync<object>("INSERT INTO pacing VALUES ('number:' || $1::text, now() + interval '1 day')", client.Channel.Id.Value);
        await system.QueryAsync<object>(
            """
            CREATE TABLE put_off (error text);
            GRANT INSERT ON put_off TO wa_app;
            CREATE FUNCTION note_put_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO put_off VALUES (NEW.last_error); RETURN NULL; END $$;
            CREATE TRIGGER note_put_off AFTER UPDATE ON jobs FOR EACH ROW WHEN (NEW.last_error IS NOT NULL) EXECUTE FUNCTION note_put_off();
            """);
        var inOrder = new Story("story0");
        inOrder.TellWhatBecameOf(await SendAsync(client, inOrder.Friend));
        foreach (var to in new[] { inOrder.Friend, inOrder.FriendId })
        {
            await SendAsync(client, to);
        }

        foreach (var chapter in inOrder.Chapters)
        {
            await webhooks.DeliverAsync(WebhookDriver.Envelope((chapter.Field, (JsonObject)chapter.Value.DeepClone())));
            await webhooks.DoneAsync();
        }

        var expected = await EndAsync(client, inOrder);
        expected.ShouldContain("the third edit");
        expected.ShouldNotContain("taken back");

        var dice = new Dice(63);
        for (var order = 1; order <= Orders; order++)
        {
            var story = new Story($"story{order}");
            story.TellWhatBecameOf(await SendAsync(client, story.Friend));
            var left = story.Chapters.ToList();
            var told = new List<string>();
            var deliveries = new List<JsonObject>();
            while (left.Count > 0)
            {
                var chapters = Enumerable.Range(0, Math.Min(left.Count, 1 + dice.Below(3))).Select(_ => Draw(left, dice)).ToArray();
                deliveries.Add(WebhookDriver.Envelope([.. chapters.Select(chapter => (chapter.Field, (JsonObject)chapter.Value.DeepClone()))]));
                told.AddRange(chapters.Select(chapter => chapter.Name));
                if (dice.OneIn(3))
                {
                    deliveries.Insert(dice.Below(deliveries.Count), (JsonObject)deliveries[dice.Below(deliveries.Count)].DeepClone());
                }
            }

            await Task.WhenAll([.. deliveries.Select(webhooks.DeliverAsync), SendAsync(client, story.Friend), SendAsync(client, story.FriendId)]);
            await webhooks.DoneAsync();
            (await EndAsync(client, story)).ShouldBe(expected, $"WAMCP_FUZZ_SEED={Dice.Seed}, order {order}: {string.Join(", ", told)}");
        }

        (await system.QueryAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")).ShouldBe(0);
        (await system.QueryAsync<long>("SELECT count(*) FROM put_off")).ShouldBe(0, "each delivery is recorded at the first attempt");
    }

    private async Task<string> SendAsync(TestClient client, string to) =>
        (await system.Mcp(client.Token).ResultAsync("send_template", new { channel = client.Channel.Name, to, name = "hello_world" })).GetProperty("messageId").GetString()!;

    private static Chapter Draw(List<Chapter> left, Dice dice)
    {
        var drawn = left[dice.Below(left.Count)];
        left.Remove(drawn);
        return drawn;
    }

    // Everything that the client has of the story's people, under names that are the same in every story.
    private async Task<string> EndAsync(TestClient client, Story story) => story.Anonymous((await system.QueryAsync<string>(
        """
        SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
            SELECT concat_ws(' | ', 'message', m.provider_message_id, m.kind, m.body, m.content::text, m.raw::text, m.sent_at, m.edited_at, m.revoked_at,
                m.state, m.delivered_at, m.read_at,
                'of', c.provider_user_id, c.phone, c.name, c.username, c.marketing_stopped_at, 'last', v.last_inbound_at,
                (SELECT count(*) FROM messages x WHERE x.conversation_id = v.id)) AS line
            FROM messages m JOIN contacts c ON c.id = m.contact_id JOIN conversations v ON v.id = m.conversation_id AND v.contact_id = c.id
            WHERE m.client_id = $1 AND m.provider_message_id LIKE '%' || $2
            UNION ALL
            SELECT concat_ws(' | ', 'person', provider_user_id, phone, name) FROM contacts WHERE client_id = $1 AND (provider_user_id LIKE '%' || $2 OR phone LIKE '%' || $3)) ends
        """,
        client.Client.Id.Value,
        story.Mark,
        story.Digits))!);

    private sealed record Chapter(string Name, string Field, JsonObject Value);

    /// <summary>What happens to a few people, each moment after the one before.</summary>
    private sealed class Story
    {
        private static int count;

        private DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(1_780_000_000);

        public Story(string name)
        {
            Mark = $"{name}x";
            Digits = $"{700_000 + Interlocked.Increment(ref count)}";
            string old = $"US.old{Mark}", @new = $"US.new{Mark}", stranger = $"US.stranger{Mark}", friend = $"US.friend{Mark}";
            string oldPhone = $"15551{Digits}", newPhone = $"15552{Digits}", friendPhone = $"15553{Digits}";
            Tell("first", Writes("m1", oldPhone, old, Body("first")), ("Ada", null, old));
            Tell("edit", Writes("e1", oldPhone, old, Edit("m1", "the first edit")));
            Tell("like", Writes("r1", oldPhone, old, $$$"""{"type":"reaction","reaction":{"message_id":"m1{{{Mark}}}","emoji":"👍"}}"""));
            Tell("late edit", Writes("e2", oldPhone, old, Edit("m1", "the second edit")));
            Tell("friend", Writes("m2", friendPhone, null, Body("taken back")));
            Tell("stop", Prefers(oldPhone, old, "stop"));
            Tell("change", Writes("s1", oldPhone, null,
                $$$"""{"type":"system","system":{"body":"changed","type":"user_changed_number","wa_id":"{{{newPhone}}}","user_id":"{{{@new}}}","previous_user_id":"{{{old}}}"}}"""));
            Tell("after", Writes("m3", newPhone, @new, Body("after")), ("Ada L", "ada", @new));
            Tell("last edit", Writes("e3", newPhone, @new, Edit("m1", "the third edit")));
            Tell("resume", Prefers(newPhone, @new, "resume"));
            Tell("picture", Writes("m4", null, @new, """{"type":"image","image":{"id":"77","mime_type":"image/png","sha256":"x","caption":"look"}}"""));
            Tell("stranger", Writes("m5", oldPhone, stranger, Body("your old number")), ("Eve", null, stranger));
            Tell("friend's id", Writes("m6", friendPhone, friend, Body("it is me")));
            string kin = $"US.kin{Mark}", kinNow = $"US.kinnow{Mark}";
            (Friend, FriendId) = (friendPhone, friend);
            Tell("kin", Writes("m7", null, kin, Body("kin")));
            Tell("kin's new id", Writes("m8", null, kinNow, Body("still kin")));
            Tell("kin's ids", Updates(kin, kinNow, $"15554{Digits}"));
            Tell("revoke", Writes("v1", friendPhone, friend, $$$"""{"type":"revoke","revoke":{"original_message_id":"m2{{{Mark}}}"}}"""));
        }

        public string Friend { get; }

        public string FriendId { get; }

        public string Mark { get; }

        public string Digits { get; }

        public List<Chapter> Chapters { get; } = [];

        public string Anonymous(string text) => text.Replace(Mark, "", StringComparison.Ordinal).Replace(Digits, "", StringComparison.Ordinal);

        /// <summary>Three statuses of a message to the friend, of whom the client had the number only.</summary>
        public void TellWhatBecameOf(string messageId)
        {
            foreach (var status in new[] { "sent", "delivered", "read" })
            {
                Tell(status, WebhookDriver.Value(ConsoleDriver.SupportNumber, statuses: [new JsonObject
                {
                    ["id"] = $"w1{Mark}",
                    ["status"] = status,
                    ["timestamp"] = WebhookDriver.Seconds(now = now.AddSeconds(1)),
                    ["recipient_id"] = Friend,
                    ["recipient_user_id"] = FriendId,
                    ["biz_opaque_callback_data"] = messageId,
                }]));
            }
        }

        private static string Body(string text) => $$$"""{"type":"text","text":{"body":"{{{text}}}"}}""";

        private string Edit(string message, string text) => $$$"""{"type":"edit","edit":{"original_message_id":"{{{message}}}{{{Mark}}}","message":{{{Body(text)}}} }}""";

        private JsonObject Writes(string id, string? phone, string? user, string content) =>
            WebhookDriver.Value(ConsoleDriver.SupportNumber, [WebhookDriver.Message(content, phone, user, id + Mark, now = now.AddSeconds(1))]);

        private JsonObject Updates(string before, string after, string phone)
        {
            var document = WebhookDriver.Value(ConsoleDriver.SupportNumber);
            document["user_id_update"] = new JsonArray(new JsonObject
            {
                ["wa_id"] = phone,
                ["user_id"] = new JsonObject { ["previous"] = before, ["current"] = after },
                ["timestamp"] = WebhookDriver.Seconds(now = now.AddSeconds(1)),
            });
            return document;
        }

        private JsonObject Prefers(string phone, string user, string value)
        {
            var document = WebhookDriver.Value(ConsoleDriver.SupportNumber);
            document["user_preferences"] = new JsonArray(new JsonObject
            {
                ["wa_id"] = phone,
                ["user_id"] = user,
                ["category"] = "marketing_messages",
                ["value"] = value,
                ["timestamp"] = WebhookDriver.Seconds(now = now.AddSeconds(1)),
            });
            return document;
        }

        private void Tell(string name, JsonObject value, (string Name, string? Username, string User)? person = null)
        {
            if (person is { } who)
            {
                value["contacts"] = new JsonArray(new JsonObject { ["user_id"] = who.User, ["profile"] = new JsonObject { ["name"] = who.Name, ["username"] = who.Username } });
            }

            Chapters.Add(new Chapter(name, value["user_preferences"] is null ? "messages" : "user_preferences", value));
        }
    }
}
