using System.Text.Json;
using System.Text.Json.Nodes;
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
        foreach (var command in new string[][] { new[] { "--outcome", "no_grant", "--since", "1h" }, ["--since", "1h", "--channel", channel.Name] })
        {
            await ReplayAsync(["inbound", "replay", .. command]); // the second finds everything there
        }

        foreach (var client in new[] { a, b })
        {
            (await webhooks.SeenAsync(client, message["id"]!.GetValue<string>())).GetProperty("text").GetString().ShouldBe("is anybody there?");
            (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1", client.Client.Id.Value)).ShouldBe(1);
        }

        (await OutcomeAsync("fanned_out")).GetProperty("outcomes").GetRawText().ShouldBe("""{"fanned_out":2}""");
        (await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'inbound_replayed' AND metadata->>'deliveries' = '1'")).ShouldBe(3);
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
        await OutcomeAsync("fanned_out");

        await system.Console.RevokeGrantAsync(client.Client, client.Channel);
        await system.QueryAsync<object>("UPDATE jobs SET run_at = now()");
        await webhooks.DoneAsync();

        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1", client.Client.Id.Value)).ShouldBe(0);
        await OutcomeAsync("no_grant");
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
