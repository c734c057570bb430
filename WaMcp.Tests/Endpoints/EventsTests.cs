using System.Globalization;
using System.Text.Json.Nodes;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;
using WaMcp.Tests.Tools;

namespace WaMcp.Tests.Endpoints;

/// <summary>What clients are told, and who is told what.</summary>
public sealed class EventsTests(EndpointSystem endpoints) : IClassFixture<EndpointSystem>
{
    private readonly WaMcpSystem system = endpoints.System;

    [Fact]
    public async Task WhatAContactWritesIsToldAsTheToolsShowItAndSignedAsTheStandardSays()
    {
        var client = await system.Console.OnboardAsync();
        var mailbox = endpoints.Receiver.Open();
        var (_, secret) = await endpoints.AddAsync(client, mailbox);

        var text = $"Grüße, 👋 and \"quotes\" {Guid.NewGuid():N}";
        await system.Sandbox.WriteAsync(text, WebhookDriver.Phone());
        var notice = await mailbox.FindAsync(got => got.Text == text);

        notice.Type.ShouldBe("message.received");
        notice.Headers["content-type"].ShouldBe("application/json");
        notice.Headers.Keys.ShouldNotContain("traceparent");
        notice.Id.ShouldMatch("^ntc_[0-9a-z]{26}$");
        (DateTimeOffset.UtcNow - DateTimeOffset.FromUnixTimeSeconds(long.Parse(notice.Timestamp, CultureInfo.InvariantCulture))).Duration().ShouldBeLessThan(TimeSpan.FromMinutes(1));
        notice.Signature.ShouldBe(await OpenSsl.SignAsync(secret, notice));
        var shown = await MessageTests.InboundAsync(system.Mcp(client.Token), client, text);
        JsonNode.DeepEquals(JsonNode.Parse(notice.Message.GetRawText()), JsonNode.Parse(shown.GetRawText())).ShouldBeTrue($"{notice.Message}\n{shown}");
        notice.Message.GetProperty("untrusted").GetBoolean().ShouldBeTrue();
        notice.Message.GetProperty("origin").GetProperty("channel").GetString().ShouldBe(client.Channel.Id.ToString());
        notice.Json.GetProperty("timestamp").GetDateTimeOffset().ShouldBe(notice.Message.GetProperty("createdAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task WhatBecomesOfAMessageOfTheClientsIsTold()
    {
        var talk = await Talk.OpenAsync(system);
        var mailbox = endpoints.Receiver.Open();
        await endpoints.AddAsync(talk.Client, mailbox, "--events", "message.status");

        var id = (await talk.SendAsync("send_message", new { text = "told" })).GetProperty("messageId").GetString()!;
        await MessageTests.StateAsync(talk.Mcp, id, "read");
        await mailbox.HasAsync(3);
        await endpoints.DoneAsync(talk.Client);
        mailbox.Got.ShouldAllBe(got => got.Type == "message.status" && got.Message.GetProperty("id").GetString() == id && !got.Message.GetProperty("untrusted").GetBoolean());
        mailbox.Got.Select(got => got.Status).ShouldBe(["sent", "delivered", "read"], ignoreOrder: true);
        mailbox.Got.Select(got => got.Id).ShouldBeUnique();

        await system.Sandbox.FaultAsync(new JsonObject { ["code"] = 131026, ["count"] = 1, ["match"] = new JsonObject { ["to"] = talk.Phone } });
        var failed = (await talk.SendAsync("send_message", new { text = "not told" })).GetProperty("messageId").GetString()!;
        var notice = await mailbox.FindAsync(got => got.Status == "failed");
        notice.Message.GetProperty("id").GetString().ShouldBe(failed);
        notice.Message.GetProperty("error").GetProperty("reason").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task EditsAndRevocationsAreToldAndAChangeThatComesFirstIsToldWithTheMessage()
    {
        var client = await system.Console.OnboardAsync();
        var mailbox = endpoints.Receiver.Open();
        await endpoints.AddAsync(client, mailbox);
        var webhooks = new WebhookDriver(system);
        var (phone, first, second) = (WebhookDriver.Phone(), WebhookDriver.Wamid(), WebhookDriver.Wamid());
        var (before, after) = (WebhookDriver.Moment(), WebhookDriver.Moment());

        await webhooks.WriteAsync(WebhookDriver.Text("one", phone, id: first));
        await mailbox.HasAsync(1);
        await webhooks.WriteAsync(Edit(first, "two", phone));
        await mailbox.HasAsync(2);
        await webhooks.WriteAsync(WebhookDriver.Message($$$"""{"type":"revoke","revoke":{"original_message_id":"{{{first}}}"}}""", phone));
        await mailbox.HasAsync(3);
        await webhooks.WriteAsync(Edit(second, "four", phone, after));
        await webhooks.DoneAsync();
        await webhooks.WriteAsync(WebhookDriver.Text("three", phone, id: second, at: before));

        var got = await mailbox.HasAsync(4);
        await endpoints.DoneAsync(client);
        mailbox.Got.Count.ShouldBe(4);
        got.Select(notice => $"{notice.Type} {notice.Text}").ShouldBe(["message.received one", "message.edited two", "message.revoked ", "message.received four"]);
        got.Select(notice => notice.Id).ShouldBeUnique();
    }

    [Fact]
    public async Task AReplayTellsTheSameEventsUnderTheSameIds()
    {
        var talk = await Talk.BeginAsync(system);
        var mailbox = endpoints.Receiver.Open();
        var (endpoint, _) = await endpoints.AddAsync(talk.Client, mailbox);
        var (webhooks, phone, wamid) = (new WebhookDriver(system), WebhookDriver.Phone(), WebhookDriver.Wamid());
        await webhooks.WriteAsync(WebhookDriver.Text("one", phone, id: wamid));
        await mailbox.HasAsync(1);
        var now = DateTimeOffset.UtcNow; // a replay goes by the provider's time of changes
        await webhooks.WriteAsync(Edit(wamid, "two", phone, now));
        await mailbox.HasAsync(2);
        await webhooks.WriteAsync(WebhookDriver.Message($$$"""{"type":"revoke","revoke":{"original_message_id":"{{{wamid}}}"}}""", phone, at: now));
        await mailbox.HasAsync(3);
        await talk.SendAsync("send_template", new { name = "hello_world" });
        await mailbox.HasAsync(6);
        await endpoints.DoneAsync(talk.Client);
        var first = mailbox.Got.Select(got => got.Id).ToList();

        (await endpoints.Console.DoAsync(["endpoints", "replay", endpoint, "--since", "1h"])).GetProperty("events").GetInt32().ShouldBe(6);

        await mailbox.HasAsync(12);
        await endpoints.DoneAsync(talk.Client);
        mailbox.Got.Select(got => got.Id).Skip(6).ShouldBe(first, ignoreOrder: true);
        first.ShouldBeUnique();
    }

    [Fact]
    public async Task EachClientIsToldItsOwnAndNothingElse()
    {
        var (a, b, beside) = (await system.Console.OnboardAsync(), await system.Console.OnboardAsync(ConsoleDriver.SalesNumber), await system.Console.OnboardAsync());
        var (ofA, ofB, ofBeside) = (endpoints.Receiver.Open(), endpoints.Receiver.Open(), endpoints.Receiver.Open());
        foreach (var (client, mailbox) in new[] { (a, ofA), (b, ofB), (beside, ofBeside) })
        {
            await endpoints.AddAsync(client, mailbox);
        }

        var (toA, toB, phone) = ($"for A {Guid.NewGuid():N}", $"for B {Guid.NewGuid():N}", WebhookDriver.Phone());
        await system.Sandbox.WriteAsync(toA, phone);
        await system.Sandbox.WriteAsync(toB, phone, ConsoleDriver.SalesNumber);

        var (gotA, gotB, gotBeside) = (await ofA.FindAsync(got => got.Text == toA), await ofB.FindAsync(got => got.Text == toB), await ofBeside.FindAsync(got => got.Text == toA));
        foreach (var client in new[] { a, b, beside })
        {
            await endpoints.DoneAsync(client);
        }

        ofA.Got.ShouldNotContain(got => got.Text == toB);
        ofB.Got.ShouldNotContain(got => got.Text == toA);
        gotA.Id.ShouldNotBe(gotBeside.Id);
        gotA.Message.GetProperty("id").GetString().ShouldNotBe(gotBeside.Message.GetProperty("id").GetString());
        gotA.Message.GetProperty("contact").GetProperty("id").GetString().ShouldNotBe(gotBeside.Message.GetProperty("contact").GetProperty("id").GetString());
        gotB.Message.GetProperty("channel").GetString().ShouldBe(b.Channel.Id.ToString());
    }

    [Fact]
    public async Task AnEndpointGetsOnlyTheTypesAndChannelsThatItWants()
    {
        var talk = await Talk.OpenAsync(system);
        var sales = await system.Console.ChannelAsync(ConsoleDriver.SalesNumber);
        await system.Console.GrantAsync(talk.Client.Client, sales);
        var (received, ofSales, all) = (endpoints.Receiver.Open(), endpoints.Receiver.Open(), endpoints.Receiver.Open());
        await endpoints.AddAsync(talk.Client, received, "--events", "message.received");
        await endpoints.AddAsync(talk.Client, ofSales, "--channel", sales.Name);
        await endpoints.AddAsync(talk.Client, all);

        var (support, sale) = ($"support {Guid.NewGuid():N}", $"sale {Guid.NewGuid():N}");
        await system.Sandbox.WriteAsync(support, talk.Phone);
        await system.Sandbox.WriteAsync(sale, talk.Phone, ConsoleDriver.SalesNumber);
        var id = (await talk.SendAsync("send_message", new { text = "told" })).GetProperty("messageId").GetString()!;
        await MessageTests.StateAsync(talk.Mcp, id, "read");
        await all.FindAsync(got => got.Status == "read");
        await all.FindAsync(got => got.Text == sale);
        await endpoints.DoneAsync(talk.Client);

        received.Got.ShouldAllBe(got => got.Type == "message.received");
        received.Got.Select(got => got.Text).ShouldContain(support);
        received.Got.Select(got => got.Text).ShouldContain(sale);
        ofSales.Got.Select(got => got.Text).ShouldContain(sale);
        ofSales.Got.Select(got => got.Text).ShouldNotContain(support);
        ofSales.Got.ShouldNotContain(got => got.Type == "message.status");
    }

    [Fact]
    public async Task NothingIsSentAfterTheGrantWasRevokedOrTheClientDisabled()
    {
        foreach (var take in new Func<TestClient, Task>[]
        {
            client => system.Console.RevokeGrantAsync(client.Client, client.Channel), client => system.Console.EnableAsync(client.Client, enabled: false),
        })
        {
            var client = await system.Console.OnboardAsync();
            var mailbox = endpoints.Receiver.Open();
            mailbox.Answer = Mailbox.Status(500);
            await endpoints.AddAsync(client, mailbox);
            await system.Sandbox.WriteAsync($"waits {Guid.NewGuid():N}", WebhookDriver.Phone());
            await endpoints.FailedAsync(client, attempts: 1);
            mailbox.Answer = Mailbox.Status(204);

            await take(client);
            await endpoints.HurryAsync(client);
            await endpoints.DoneAsync(client);

            mailbox.Got.Count.ShouldBe(1, "what was told before");
        }
    }

    [Fact]
    public async Task AClientThatMayReadNoMessagesIsToldOnlyWhatBecomesOfItsOwn()
    {
        var client = await system.Console.OnboardAsync(tools: ["send_template", "send_message"]);
        var mailbox = endpoints.Receiver.Open();
        await endpoints.AddAsync(client, mailbox);
        var phone = WebhookDriver.Phone();

        await system.Sandbox.WriteAsync($"not to be read {Guid.NewGuid():N}", phone);
        await Eventually.TrueAsync("recorded", async () => await system.QueryAsync<long>("SELECT count(*) FROM messages WHERE client_id = $1", client.Client.Id.Value) == 1);
        await system.Mcp(client.Token).ResultAsync("send_message", new { channel = client.Channel.Name, to = phone, text = "sent" });

        await mailbox.FindAsync(got => got.Status == "read");
        await endpoints.DoneAsync(client);
        mailbox.Got.ShouldAllBe(got => got.Type == "message.status");
    }

    [Fact]
    public async Task WhatWasErasedLeavesNoMore()
    {
        var client = await system.Console.OnboardAsync();
        var mailbox = endpoints.Receiver.Open();
        mailbox.Answer = Mailbox.Status(503);
        await endpoints.AddAsync(client, mailbox);
        var (phone, text, name) = (WebhookDriver.Phone(), $"secret {Guid.NewGuid():N}", $"Ada {Guid.NewGuid():N}");
        await system.Sandbox.WriteAsync(text, phone, name: name);
        await endpoints.FailedAsync(client, attempts: 1);
        var first = (await mailbox.HasAsync(1))[0];
        mailbox.Answer = Mailbox.Status(204);

        await system.Console.EraseAsync(client, phone);
        await endpoints.HurryAsync(client);

        var second = (await mailbox.HasAsync(2))[1];
        second.Id.ShouldBe(first.Id);
        first.Json.ToString().ShouldContain(text);
        second.Message.GetProperty("id").GetString().ShouldBe(first.Message.GetProperty("id").GetString());
        foreach (var gone in new[] { text, phone, name })
        {
            second.Json.ToString().ShouldNotContain(gone);
        }
    }

    private static JsonObject Edit(string message, string text, string from, DateTimeOffset? at = null) => WebhookDriver.Message(
        $$$"""{"type":"edit","edit":{"original_message_id":"{{{message}}}","message":{"type":"text","text":{"body":"{{{text}}}"} } } }""", from, at: at);
}
