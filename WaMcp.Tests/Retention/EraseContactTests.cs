using System.Text.Json.Nodes;
using WaMcp.Domain.Contacts;
using WaMcp.Tests.Admin;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Retention;

/// <summary>One person's content, erased for one client.</summary>
public sealed class EraseContactTests
{
    private const string Person = "15550100777";
    private const string Stranger = "15550100888";

    [Fact]
    public async Task NothingOfThePersonIsLeftAndEverybodyElseKeepsTheirs()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var client = await PruneMessagesTests.TalkAsync(system, ConsoleDriver.SupportNumber, "erased", Person);
        await system.Sandbox.WriteAsync("said by a stranger", Stranger, name: "Grace");
        await MessageTests.InboundAsync(system.Mcp(client.Token), client, "said by a stranger");
        var other = await PruneMessagesTests.TalkAsync(system, ConsoleDriver.SalesNumber, "elsewhere", Person);
        var audit = await RowsAsync(system);
        var console = AdminConsole.Of(system);

        var erased = await console.DoAsync("contacts", "erase", "+1 555 010 0777", "--client", client.Client.Slug, "--channel", client.Channel.Name, "--yes");

        erased.GetProperty("messages").GetInt64().ShouldBe(2);
        erased.GetProperty("deliveries").GetInt64().ShouldBeGreaterThanOrEqualTo(2); // what was written, and the statuses of the answer
        (await system.QueryAsync<string>(
            "SELECT string_agg(convert_from(body, 'UTF8'), ' ') FROM webhook_events WHERE position('0777' IN convert_from(body, 'UTF8')) > 0 AND position($1 IN convert_from(body, 'UTF8')) > 0",
            client.Channel.ProviderId)).ShouldBeNull();
        erased.GetProperty("deliveriesLeft").GetInt64().ShouldBe(0);
        var text = await WholeDatabase.TextAsync(system.Database);
        text.ShouldNotHold("said to erased", "said by erased", "Ada erased");
        text.ShouldContain("said by a stranger");
        text.ShouldContain("said to elsewhere");
        text.ShouldContain("Ada elsewhere");
        (await system.QueryAsync<long>("SELECT count(*) FROM contacts WHERE client_id = $1 AND (phone = $2 OR provider_user_id LIKE '%777%')", client.Client.Id.Value, Person)).ShouldBe(0);
        (await system.QueryAsync<string>("SELECT phone FROM contacts WHERE client_id = $1", other.Client.Id.Value)).ShouldBe(Person);
        (await RowsAsync(system))[..audit.Length].ShouldBe(audit);
        var row = JsonNode.Parse((await system.QueryAsync<string>("SELECT metadata::text FROM audit_log WHERE action = 'contact_erased' AND client_id = $1", client.Client.Id.Value))!)!;
        ((string)row["contact"]!).ShouldBe(erased.GetProperty("contact").GetString());
        ((long)row["messages"]!).ShouldBe(2);
        row.ToJsonString().ShouldNotContain("0777");
    }

    [Fact]
    public async Task TheMessagesStillCountAndADeliveryThatIsRepeatedDoesNotBringThePersonBack()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var client = await PruneMessagesTests.TalkAsync(system, ConsoleDriver.SupportNumber, "repeated", Person);
        var delivery = await system.QueryAsync<Guid>("SELECT id FROM webhook_events WHERE position('said to repeated'::bytea IN body) > 0");
        await system.QueryAsync<object>("CREATE TABLE kept AS SELECT * FROM webhook_events WHERE id = $1", delivery);
        await system.Console.EraseAsync(client, Person);

        await system.QueryAsync<object>("INSERT INTO webhook_events SELECT * FROM kept");
        await system.QueryAsync<object>("INSERT INTO jobs (id, kind, subject_id, run_at) VALUES (gen_random_uuid(), 'FanOut', $1, now())", delivery);
        await Eventually.TrueAsync("it was recorded again", async () =>
            await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'webhook_processed' AND metadata->>'messages' = '0' AND metadata->>'statuses' = '0'") == 1);

        (await system.QueryAsync<long>("SELECT count(*) FROM contacts")).ShouldBe(1);
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE body IS NULL AND raw IS NULL AND state IN ('Read', 'Received')")).ShouldBe(2);
        var read = await system.Mcp(client.Token).ResultAsync("get_messages", new { channel = client.Channel.Name });
        read.GetProperty("messages").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task AChangeThatComesAfterwardsBringsNothingBack()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var webhooks = new WebhookDriver(system);
        var client = await system.Console.OnboardAsync();
        var (message, early, user) = (WebhookDriver.Text("words", Person), WebhookDriver.Wamid(), WebhookDriver.User());
        await webhooks.WriteAsync(message);
        await webhooks.WriteAsync(Edit(early, "words of an edit that came first"));
        await webhooks.DoneAsync();
        var contact = new ContactId(await system.QueryAsync<Guid>("SELECT id FROM contacts")).ToString();
        await system.Console.EraseAsync(client, contact);

        await webhooks.WriteAsync(Edit(message["id"]!.GetValue<string>(), "other words"));
        await webhooks.WriteAsync(WebhookDriver.Message(
            """{"type":"image","image":{"id":"77","mime_type":"image/png","sha256":"x","caption":"words as well"},"context":{"forwarded":true}}""", Person, user, early));
        await webhooks.DoneAsync();

        (await system.QueryAsync<string>("SELECT string_agg(concat(body, raw, content), '') FROM messages")).ShouldBe("");
        (await system.QueryAsync<string>("SELECT string_agg(kind || ' ' || (sent_at IS NOT NULL) || ' ' || (edited_at IS NOT NULL), ', ' ORDER BY kind) FROM messages"))
            .ShouldBe("image true true, text true true", "times are no content");
        (await system.QueryAsync<string>("SELECT concat((SELECT count(*) FROM contacts), ' ', (SELECT count(*) FROM conversations))"))
            .ShouldBe("1 1", "nobody is met by what was erased");

        JsonObject Edit(string of, string text) => WebhookDriver.Message(
            $$$"""{"type":"edit","edit":{"original_message_id":"{{{of}}}","message":{"type":"text","text":{"body":"{{{text}}}"} } } }""", Person);
    }

    [Fact]
    public async Task WhoeverWritesAgainIsSomebodyNew()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var client = await PruneMessagesTests.TalkAsync(system, ConsoleDriver.SupportNumber, "before", Person);
        var erased = await system.Console.EraseAsync(client, Person);

        await system.Sandbox.WriteAsync("me again", Person);
        var message = await MessageTests.InboundAsync(system.Mcp(client.Token), client, "me again");

        message.GetProperty("contact").GetProperty("id").GetString().ShouldNotBe(erased.Contact);
        (await system.Console.EraseAsync(client, erased.Contact)).Messages.ShouldBe(0);
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE body = 'me again'")).ShouldBe(1);
    }

    [Fact]
    public async Task WhatIsQueuedForThePersonIsNotSent()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var client = await PruneMessagesTests.TalkAsync(system, ConsoleDriver.SupportNumber, "queue", Person);
        await system.Sandbox.FaultAsync(new JsonObject { ["match"] = new JsonObject { ["to"] = Person }, ["code"] = 130429, ["count"] = 1 });
        var mcp = system.Mcp(client.Token);
        var id = (await mcp.ResultAsync("send_message", new { channel = client.Channel.Name, to = Person, text = "not any more" })).GetProperty("messageId").GetString()!;
        await Eventually.TrueAsync("it is put off", async () => await system.QueryAsync<long>("SELECT count(*) FROM jobs WHERE last_error IS NOT NULL AND lease_id IS NULL") == 1);

        (await system.Console.EraseAsync(client, Person)).Cancelled.ShouldBe(1);

        await Eventually.TrueAsync("the job is done with", async () => await system.QueryAsync<long>("SELECT count(*) FROM jobs") == 0);
        await MessageTests.StateAsync(mcp, id, "cancelled");
        (await system.Sandbox.SendsToAsync(id)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task ADeliveryThatIsNotRecordedYetStaysAndTheOperatorIsTold()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var client = await PruneMessagesTests.TalkAsync(system, ConsoleDriver.SupportNumber, "left", Person);
        await system.QueryAsync<object>(
            """
            INSERT INTO jobs (id, kind, subject_id, run_at, dead_at)
            SELECT gen_random_uuid(), 'Receive', id, now(), now() FROM webhook_events WHERE position('said to left'::bytea IN body) > 0
            """);

        var run = await AdminConsole.Of(system).RunAsync("contacts", "erase", Person, "--client", client.Client.Slug, "--phone", client.Channel.Name, "--yes");

        run.ExitCode.ShouldBe(0, run.Err);
        run.Err.ShouldContain("1 deliveries that name this person are still to be recorded");
        (await system.QueryAsync<long>("SELECT count(*) FROM webhook_events WHERE position('said to left'::bytea IN body) > 0")).ShouldBe(1);
    }

    [Fact]
    public async Task TheOperatorIsAskedAndMayStillSayNo()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var client = await PruneMessagesTests.TalkAsync(system, ConsoleDriver.SupportNumber, "asked", Person);
        var console = AdminConsole.Of(system);
        var contact = new ContactId(await system.QueryAsync<Guid>("SELECT id FROM contacts")).ToString();

        var no = await console.RunProcessAsync(["contacts", "erase", contact, "--client", client.Client.Slug], "no\n");
        no.ExitCode.ShouldBe(2);
        no.Err.ShouldContain("cannot be undone");
        no.Err.ShouldContain("was not confirmed; nothing was changed");
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE body IS NOT NULL")).ShouldBe(2);

        var yes = await console.RunProcessAsync(["contacts", "erase", contact, "--client", client.Client.Slug], "erase\n");
        yes.ExitCode.ShouldBe(0, yes.Err);
        yes.Out.ShouldContain("2 messages say nothing any more");
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE body IS NOT NULL")).ShouldBe(0);
    }

    [Fact]
    public async Task AnotherClientsContactIsNotFound()
    {
        await using var system = await WaMcpSystem.StartAsync();
        await PruneMessagesTests.TalkAsync(system, ConsoleDriver.SupportNumber, "mine", Person);
        var other = await system.Console.OnboardAsync(ConsoleDriver.SalesNumber);
        var console = AdminConsole.Of(system);
        var contact = new ContactId(await system.QueryAsync<Guid>("SELECT id FROM contacts")).ToString();

        (await console.RunAsync("contacts", "erase", contact, "--client", other.Client.Slug, "--yes")).ShouldFail(3, "No contact");
        (await console.RunAsync("contacts", "erase", Person, "--client", other.Client.Slug, "--channel", "100000000000001", "--yes")).ShouldFail(3, "No contact");
        (await console.RunAsync("contacts", "erase", Person, "--client", other.Client.Slug, "--yes")).ShouldFail(2, "--channel");
        (await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE body IS NOT NULL")).ShouldBe(2);
    }

    private static async Task<string[]> RowsAsync(WaMcpSystem system) =>
        [.. await system.Database.ReadAsync<string>("SELECT a::text FROM audit_log a WHERE action <> 'key_used' AND ts < now() ORDER BY id")];
}
