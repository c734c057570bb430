using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Domain.Channels;
using WaMcp.Tests.Admin;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Webhooks;

/// <summary>What became of a delivery can be seen, and what nobody got can be handed out later.</summary>
public sealed class OutcomeTests : IAsyncLifetime
{
    private WaMcpSystem system = null!;
    private WebhookDriver webhooks = null!;
    private AdminConsole console = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartAsync();
        (webhooks, console) = (new WebhookDriver(system), AdminConsole.Of(system));
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public async Task WhatAnUnknownNumberGotIsHandedOutOnceItIsKnownAndGranted()
    {
        var message = WebhookDriver.Text("is anybody there?", WebhookDriver.Phone());
        await webhooks.WriteAsync(message);
        var lost = await OutcomeAsync("unknown_channel");
        lost.GetProperty("outcomes").GetRawText().ShouldBe("""{"unknown_channel":1}""");

        var channel = await system.Console.ChannelAsync();
        await ReplayAsync("inbound", "replay", lost.GetProperty("id").GetString()!);
        (await OutcomeAsync("no_grant")).GetProperty("channelIds")[0].GetString().ShouldBe(channel.Id.ToString());

        var (a, b) = (await system.Console.OnboardAsync(), await system.Console.OnboardAsync());
        await ReplayAsync("inbound", "replay", "--outcome", "no_grant", "--since", "1h");
        (await system.QueryAsync<long>("SELECT count(*) FROM messages")).ShouldBe(0, "nobody was granted it when it came");
        foreach (var client in new[] { a, b })
        {
            await ReplayAsync("inbound", "replay", lost.GetProperty("id").GetString()!, "--to", client.Client.Slug);
            await ReplayAsync("inbound", "replay", "--since", "1h", "--channel", channel.Name, "--to", client.Client.Id.ToString()); // finds everything there
        }

        foreach (var client in new[] { a, b })
        {
            (await webhooks.SeenAsync(client, message["id"]!.GetValue<string>())).GetProperty("text").GetString().ShouldBe("is anybody there?");
            (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1", client.Client.Id.Value)).ShouldBe(1);
        }

        (await OutcomeAsync("fanned_out")).GetProperty("outcomes").GetRawText().ShouldBe("""{"fanned_out":1}""", "what the last time came to");
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'inbound_replayed' AND metadata->>'deliveries' = '1'")).ShouldBe(6);
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'inbound_replayed' AND client_id = $1", b.Client.Id.Value)).ShouldBe(2);
    }

    [Fact]
    public async Task AReplayGivesNobodyWhatWasSomebodyElses()
    {
        var before = await system.Console.OnboardAsync();
        await webhooks.WriteAsync(WebhookDriver.Text("for whoever has the number now", WebhookDriver.Phone()));
        await webhooks.DoneAsync();
        var after = await system.Console.OnboardAsync(); // the number is another's from here on
        await system.Console.GrantAsync(before.Client, before.Channel, ["get_messages"]); // a new grant in the place of the old one
        await system.QueryAsync<object>("DELETE FROM messages");

        await ReplayAsync("inbound", "replay", "--since", "1h");

        (await system.QueryAsync<string>("SELECT string_agg(slug, ' ') FROM messages JOIN clients ON clients.id = client_id")).ShouldBe(before.Client.Slug, $"not {after.Client.Slug}");
    }

    [Fact]
    public async Task OneMessageThatIsNoTextDoesNotHoldUpTheOthers()
    {
        var client = await system.Console.OnboardAsync();
        var (good, bad) = (WebhookDriver.Text("good", WebhookDriver.Phone()), WebhookDriver.Text("bad @@ bytes", WebhookDriver.Phone()));
        var text = WebhookDriver.Envelope(
            ("messages", WebhookDriver.Value(ConsoleDriver.SupportNumber, [bad, good])),
            ("account_update", new JsonObject { ["event"] = "@@" })).ToJsonString();
        var body = Encoding.Latin1.GetBytes(text.Replace("@@", "\u00ff\u00fe", StringComparison.Ordinal));

        (await webhooks.PostAsync(body)).ShouldBe(200);
        await webhooks.DoneAsync();

        (await webhooks.SeenAsync(client, good["id"]!.GetValue<string>())).GetProperty("text").GetString().ShouldBe("good");
        (await webhooks.SeenAsync(client, bad["id"]!.GetValue<string>())).TryGetProperty("text", out _).ShouldBeFalse();
        (await system.QueryAsync<string>("SELECT raw::text FROM messages WHERE body IS NULL"))!.ShouldContain("bad \ufffd\ufffd bytes");
        (await OutcomeAsync("unknown_kind")).GetProperty("outcomes").GetProperty("unknown_kind").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task ADeliveryWithMoreThanAnyProviderSendsIsKeptAndNotUnderstood()
    {
        await system.Console.OnboardAsync();
        var items = string.Join(',', Enumerable.Range(0, 5_001).Select(number => $$"""{"id":"{{number}}","from":"2"}"""));
        var document = WebhookDriver.Envelope(("messages", WebhookDriver.Value(ConsoleDriver.SupportNumber, []))).ToJsonString();
        (await webhooks.PostAsync(document.Replace("\"messages\":[]", $"\"messages\":[{items}]", StringComparison.Ordinal))).ShouldBe(200);

        (await OutcomeAsync("not_understood")).GetProperty("outcomes").GetRawText().ShouldBe("""{"not_understood":1}""");
        await webhooks.DoneAsync();
        (await system.QueryAsync<long>("SELECT count(*) FROM messages")).ShouldBe(0);
    }

    // All are claimed together, so they are tried together first.
    [Theory]
    [InlineData("FanOut")]
    [InlineData("Receive")]
    public async Task OneOfSeveralThatCannotBeDoneKeepsNoneOfTheOthersFromIt(string kind)
    {
        var client = await system.Console.OnboardAsync();
        const int Count = 6;
        for (var number = 0; number < Count; number++)
        {
            var body = WebhookDriver.Envelope(("messages", WebhookDriver.Value(ConsoleDriver.SupportNumber, [WebhookDriver.Text($"{number}", WebhookDriver.Phone())])));
            await system.QueryAsync<object>(
                "INSERT INTO webhook_events (id, provider, body, request_id, received_at) VALUES (gen_random_uuid(), 'WhatsApp', $1, 'r', now())", Encoding.UTF8.GetBytes(body.ToJsonString()));
        }

        await system.QueryAsync<object>(
            """
            INSERT INTO jobs (id, kind, subject_id, client_id, channel_id, run_at)
            SELECT gen_random_uuid(), $1, id, CASE WHEN $1 = 'Receive' THEN $2 END, CASE WHEN $1 = 'Receive' THEN $3 END, now()
            FROM (SELECT id FROM webhook_events UNION ALL SELECT gen_random_uuid()) AS delivery ORDER BY id
            """,
            kind, client.Client.Id.Value, client.Channel.Id.Value);
        await system.QueryAsync<object>("NOTIFY wamcp_jobs");

        await Eventually.TrueAsync("the others are recorded", async () => await system.QueryAsync<long>("SELECT count(*) FROM messages") == Count);
        await Eventually.TrueAsync("it is put off", async () => await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE last_error IS NOT NULL") == 1);
        (await system.QueryAsync<long>("SELECT count(*) FROM jobs")).ShouldBe(1);
    }

    [Fact]
    public async Task OneThatWasGivenUpIsKeptNoLongerThanOthers()
    {
        var delivery = Guid.NewGuid();
        await system.QueryAsync<object>("INSERT INTO webhook_events (id, provider, body, request_id, received_at) VALUES ($1, 'WhatsApp', '{}', 'r', now())", delivery);
        await system.QueryAsync<object>("INSERT INTO jobs (id, kind, subject_id, run_at, dead_at) VALUES (gen_random_uuid(), 'FanOut', $1, now(), now())", delivery);

        var dead = (await console.DoAsync("deadletters", "list"))[0].GetProperty("id").GetString()!;
        (await console.RunAsync("deadletters", "discard", dead)).ExitCode.ShouldBe(0);

        (await system.QueryAsync<bool>("SELECT fanned_out_at IS NOT NULL FROM webhook_events")).ShouldBeTrue();
        (await OutcomeAsync("discarded")).GetProperty("outcomes").GetRawText().ShouldBe("""{"discarded":1}""");
    }

    [Fact]
    public async Task WhatIsShownAndReplayedCanBeNarrowedDownToAPeriod()
    {
        await webhooks.PostAsync("one");
        await OutcomeAsync("not_understood");
        await system.QueryAsync<object>("UPDATE webhook_events SET received_at = now() - interval '3 hours'");
        await webhooks.PostAsync("two");
        await Eventually.TrueAsync("both", async () => (await console.DoAsync("inbound", "list", "--outcome", "not_understood")).GetArrayLength() == 2);

        (await console.DoAsync("inbound", "list", "--until", "1h")).GetArrayLength().ShouldBe(1);
        (await console.DoAsync("inbound", "list", "--since", "2h", "--until", "1h")).GetArrayLength().ShouldBe(0);
        (await console.DoAsync("inbound", "replay", "--since", "4h", "--until", "2h")).GetProperty("deliveries").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task EveryPartOfADeliveryIsCounted()
    {
        var client = await system.Console.OnboardAsync();
        var good = WebhookDriver.Text("good", WebhookDriver.Phone());
        await webhooks.DeliverAsync(WebhookDriver.Envelope(
            ("messages", WebhookDriver.Value(ConsoleDriver.SupportNumber, [good, WebhookDriver.Message("""{"type":"hologram"}""", WebhookDriver.Phone())])),
            ("messages", WebhookDriver.Value("199999999999999", [WebhookDriver.Text("elsewhere", WebhookDriver.Phone())])),
            ("smb_message_echoes", new JsonObject { ["anything"] = 1 }),
            ("account_update", new JsonObject { ["event"] = "VERIFIED_ACCOUNT" })));
        await webhooks.DoneAsync();

        var outcome = (await OutcomeAsync("fanned_out")).GetProperty("outcomes");
        JsonNode.DeepEquals(JsonNode.Parse(outcome.GetRawText()), JsonNode.Parse("""{"fanned_out":1,"unknown_channel":1,"noted":1,"unknown_kind":2}""")).ShouldBeTrue(outcome.GetRawText());
        (await webhooks.SeenAsync(client, good["id"]!.GetValue<string>())).GetProperty("text").GetString().ShouldBe("good");
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{\"entry\":[]}")]
    public async Task WhatCannotBeReadIsKeptAndSaysSo(string body)
    {
        (await webhooks.PostAsync(body)).ShouldBe(200);
        var found = await OutcomeAsync("not_understood");
        var id = found.GetProperty("id").GetString()!;
        (await console.DoAsync("inbound", "show", id)).TryGetProperty("raw", out _).ShouldBeFalse("what people wrote is shown only when it is asked for");
        (await console.DoAsync("inbound", "show", id, "--raw")).GetProperty("raw").GetString().ShouldBe(body);
        (await console.RunAsync("inbound", "show", id, "--raw")).Out.ShouldContain(body);
        (await system.QueryAsync<string[]>("SELECT array_agg(metadata->>'event') FROM audit_log WHERE action = 'inbound_read'")).ShouldBe([id, id], "who looks at it is known");
        (await console.RunAsync("inbound", "list")).Out.ShouldContain("not_understood 1");
    }

    [Fact]
    public async Task ADocumentThatIsNestedTooDeeplyIsKept()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 5_000)) + string.Concat(Enumerable.Repeat("]", 5_000));
        (await webhooks.PostAsync($$"""{"entry":{{deep}}}""")).ShouldBe(200);
        await OutcomeAsync("not_understood");
        await webhooks.DoneAsync();
    }

    [Fact]
    public async Task ARevokedGrantStopsWhatWasHandedOutAlready()
    {
        var client = await system.Console.OnboardAsync();
        await system.QueryAsync<object>("CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.run_at := now() + interval ''1 hour''; RETURN NEW; END'");
        await system.QueryAsync<object>("CREATE TRIGGER hold BEFORE INSERT ON jobs FOR EACH ROW WHEN (NEW.kind = 'Receive') EXECUTE FUNCTION hold()");
        await webhooks.WriteAsync(WebhookDriver.Text("not for you any more", WebhookDriver.Phone()));
        (await OutcomeAsync("fanned_out")).GetProperty("partsWaiting").GetInt32().ShouldBe(1);
        (await console.RunAsync("inbound", "list")).Out.ShouldContain("1 waiting");

        await system.Console.RevokeGrantAsync(client.Client, client.Channel);
        await system.QueryAsync<object>("UPDATE jobs SET run_at = now()");
        await webhooks.DoneAsync();

        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1", client.Client.Id.Value)).ShouldBe(0);
        var ended = await OutcomeAsync("no_grant");
        ended.GetProperty("outcomes").GetRawText().ShouldBe("""{"no_grant":1}""", "it was handed out, and nobody got it");
        ended.GetProperty("partsWaiting").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task OperatorsSeeWhatTheProviderTellsThem()
    {
        var channel = await system.Console.ChannelAsync();
        var document = WebhookDriver.Envelope(
            ("phone_number_quality_update", new JsonObject { ["display_phone_number"] = "15550100001", ["event"] = "UPGRADE", ["current_limit"] = "TIER_UNLIMITED" }),
            ("message_template_status_update", new JsonObject { ["event"] = "PAUSED", ["message_template_name"] = "autumn_sale" }),
            ("business_capability_update", new JsonObject { ["max_daily_conversation_per_phone"] = 1000 }));
        await webhooks.DeliverAsync(document);
        await webhooks.DeliverAsync(document); // Meta delivers again
        await webhooks.DoneAsync();

        var facts = (await console.DoAsync("channels", "facts", channel.Name)).EnumerateArray().ToList();
        facts.Select(fact => fact.GetProperty("kind").GetString())
            .ShouldBe(["phone_number_quality_update", "message_template_status_update", "business_capability_update"], ignoreOrder: true);
        facts.ShouldContain(fact => fact.GetProperty("payload").GetString()!.Contains("TIER_UNLIMITED", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AFactAboutOneNumberOfAnAccountIsNotToldOfTheOthers()
    {
        var (one, other) = (await AddAsync("one", "+1 555 010 0401"), await AddAsync("other", "+1 (555) 010-0402"));
        await webhooks.DeliverAsync(WebhookDriver.Envelope(
            ("phone_number_quality_update", new JsonObject { ["display_phone_number"] = "15550100402", ["event"] = "DOWNGRADE" }),
            ("phone_number_quality_update", new JsonObject { ["display_phone_number"] = "15550100403", ["event"] = "DOWNGRADE" }),
            ("account_update", new JsonObject { ["event"] = "VERIFIED_ACCOUNT" })));
        await webhooks.DoneAsync();

        (await KindsAsync(one)).ShouldBe(["account_update"]);
        (await KindsAsync(other)).ShouldBe(["account_update", "phone_number_quality_update"], ignoreOrder: true);
        (await OutcomeAsync("unknown_channel")).GetProperty("outcomes").GetProperty("unknown_channel").GetInt32().ShouldBe(1);

        Task<Channel> AddAsync(string name, string phone) => system.Console.RunAsync((AddChannel verb) =>
            verb.ExecuteAsync(new(name, OwnApps.Number(), WebhookDriver.Account, phone), default));

        async Task<List<string?>> KindsAsync(Channel channel) =>
            [.. (await console.DoAsync("channels", "facts", channel.Name)).EnumerateArray().Select(fact => fact.GetProperty("kind").GetString())];
    }

    [Fact]
    public async Task WhoWantsNoMoreMarketingGetsNoneUntilTheyWantItAgain()
    {
        var talk = await Talk.BeginAsync(system);
        var (early, stop, resume) = (WebhookDriver.Moment(), WebhookDriver.Moment(), WebhookDriver.Moment());
        await PreferAsync(talk.Phone, "stop", stop);
        (await StoppedAsync(talk)).ShouldBe(stop);

        await PreferAsync(talk.Phone, "resume", early); // late, and older than what is known
        (await StoppedAsync(talk)).ShouldBe(stop);
        await PreferAsync(talk.Phone, "resume", resume);
        (await StoppedAsync(talk)).ShouldBeNull();
        await PreferAsync(talk.Phone, "stop", stop); // once more
        (await StoppedAsync(talk)).ShouldBeNull();

        var facts = (await console.DoAsync("channels", "facts", talk.Channel)).GetRawText();
        facts.ShouldContain("resume");
        facts.ShouldNotContain(talk.Phone, Case.Sensitive, "facts are about the channel, not about persons");
    }

    [Theory]
    [InlineData("inbound", "replay")]
    [InlineData("inbound", "replay", "--outcome", "no_grant")]
    [InlineData("inbound", "replay", "evt_01m80jv7s0f2qbsx5nq8y4w6ta", "--since", "1h")]
    public async Task AReplayNamesOneOrAPeriod(params string[] command) => (await console.RunAsync(command)).ShouldFail(2, "--since");

    [Fact]
    public async Task ADeliveryThatIsNotThereIsNotFound()
    {
        (await console.RunAsync("inbound", "show", "evt_01m80jv7s0f2qbsx5nq8y4w6ta")).ShouldFail(3, "No delivery");
        (await console.RunAsync("inbound", "replay", "nonsense")).ShouldFail(3, "No delivery");
    }

    private async Task PreferAsync(string phone, string value, DateTimeOffset at)
    {
        var document = WebhookDriver.Value(ConsoleDriver.SupportNumber, contacts: [new JsonObject { ["wa_id"] = phone }]);
        document["user_preferences"] = new JsonArray(new JsonObject
        {
            ["wa_id"] = phone,
            ["detail"] = "a word",
            ["category"] = "marketing_messages",
            ["value"] = value,
            ["timestamp"] = at.ToUnixTimeSeconds(),
        });
        await webhooks.DeliverAsync(WebhookDriver.Envelope(("user_preferences", document)));
        await webhooks.DoneAsync();
    }

    private async Task<DateTimeOffset?> StoppedAsync(Talk talk) => await system.QueryAsync<DateTime?>(
        "SELECT marketing_stopped_at FROM contacts WHERE client_id = $1 AND phone = $2", talk.Client.Client.Id.Value, talk.Phone) is { } at ? new DateTimeOffset(at) : null;

    private async Task ReplayAsync(params string[] command)
    {
        (await console.DoAsync(command)).GetProperty("deliveries").GetInt32().ShouldBe(1);
        await webhooks.DoneAsync();
    }

    private Task<JsonElement> OutcomeAsync(string outcome) => Eventually.GetAsync(
        $"one delivery {outcome}",
        async () => (await console.DoAsync("inbound", "list", "--outcome", outcome)).EnumerateArray().FirstOrDefault(),
        found => found.ValueKind == JsonValueKind.Object);
}
