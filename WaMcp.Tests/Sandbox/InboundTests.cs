using System.Net;
using System.Text.Json;
using WaMcp.Sandbox.Control;

namespace WaMcp.Tests.Sandbox;

public sealed class InboundTests(SandboxHost sandbox) : SandboxTests(sandbox)
{
    [Theory]
    [InlineData("text")]
    [InlineData("image")]
    [InlineData("video")]
    [InlineData("audio")]
    [InlineData("document")]
    [InlineData("sticker")]
    [InlineData("location")]
    [InlineData("contacts")]
    [InlineData("reaction")]
    [InlineData("button")]
    [InlineData("interactive")]
    [InlineData("order")]
    [InlineData("system")]
    [InlineData("unsupported")]
    public async Task EveryTypeHasItsContent(string type)
    {
        await Sandbox.SendTextAsync("Something to react to");
        var message = await Sandbox.Receiver.MessageAsync(await Sandbox.InboundAsync(new InboundOrder { Type = type }));

        message.GetProperty("type").GetString().ShouldBe(type);
        message.GetProperty("from").GetString().ShouldBe(SandboxHost.Ada);
        message.GetProperty("from_user_id").GetString().ShouldBe(SandboxHost.AdaUserId);
        message.TryGetProperty(type == "unsupported" ? "errors" : type, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task TellsWhoWrites()
    {
        await Sandbox.CustomerAsync(new CustomerOrder { WaId = "+49 171 5550123", Name = "Grace", Username = "grace" });
        var webhook = await Sandbox.Receiver.WebhookOfMessageAsync(await Sandbox.InboundAsync(new InboundOrder { From = "+491715550123", PhoneNumberId = SandboxHost.Sales }));

        var value = webhook.Values.Single();
        value.GetProperty("metadata").GetProperty("phone_number_id").GetString().ShouldBe(SandboxHost.Sales);
        value.GetProperty("metadata").GetProperty("display_phone_number").GetString().ShouldBe("15550100002");
        var contact = value.GetProperty("contacts")[0];
        contact.GetProperty("profile").GetProperty("name").GetString().ShouldBe("Grace");
        contact.GetProperty("profile").GetProperty("username").GetString().ShouldBe("grace");
        contact.GetProperty("wa_id").GetString().ShouldBe("491715550123");
        contact.GetProperty("user_id").GetString()!.ShouldStartWith("DE.");
    }

    [Fact]
    public async Task ACustomerKnownByUserIdOnlyHasNoNumberInIt()
    {
        var webhook = await Sandbox.Receiver.WebhookOfMessageAsync(await Sandbox.InboundAsync(new InboundOrder { UserId = "BR.123456", Name = "Someone" }));

        webhook.Messages.Single().TryGetProperty("from", out _).ShouldBeFalse();
        webhook.Messages.Single().GetProperty("from_user_id").GetString().ShouldBe("BR.123456");
        webhook.Values.Single().GetProperty("contacts")[0].TryGetProperty("wa_id", out _).ShouldBeFalse();
        (await Sandbox.SendAsync(new { messaging_product = "whatsapp", recipient = "BR.123456", type = "text", text = new { body = "Hello" } })).Status.ShouldBe(HttpStatusCode.OK);
        (await Sandbox.ChatAsync("BR.123456")).Count.ShouldBe(2);
    }

    [Fact]
    public async Task RawGoesOutAsItIs()
    {
        var raw = JsonElement.Parse("""{"id":"wamid.mine","type":"revoke","revoke":{"original_message_id":"wamid.x"},"new_thing":[1,null,{"a":"b"}]}""");
        (await Sandbox.InboundAsync(new InboundOrder { Raw = raw })).ShouldBe("wamid.mine");
        var message = await Sandbox.Receiver.MessageAsync("wamid.mine");

        message.GetProperty("new_thing").ToString().ShouldBe("""[1,null,{"a":"b"}]""");
        message.GetProperty("revoke").GetProperty("original_message_id").GetString().ShouldBe("wamid.x");
        message.GetProperty("from").GetString().ShouldBe(SandboxHost.Ada);
        message.GetProperty("timestamp").GetString().ShouldNotBeNullOrEmpty();
        (await Sandbox.ChatAsync()).Single().Text.ShouldBe("[revoke]");
    }

    [Fact]
    public async Task WaitAnswersWhenTheCallbackHasAccepted()
    {
        Sandbox.Receiver.AnswerWith(HttpStatusCode.InternalServerError);
        var answer = await Sandbox.PostAsync("/control/whatsapp/inbound?wait=true", new InboundOrder { Count = 3 });

        answer.Status.ShouldBe(HttpStatusCode.OK);
        (await Sandbox.ChatAsync()).ShouldAllBe(bubble => bubble.Status == "delivered");
        (await Sandbox.StateAsync()).Webhooks.Pending.ShouldBe(0);
    }

    [Fact]
    public async Task AnyOtherFieldCanBeAnnounced()
    {
        await Sandbox.PostAsync("/control/whatsapp/fields", new FieldOrder { Field = "account_update", Value = JsonElement.Parse("""{"event":"ACCOUNT_RESTRICTION"}""") });
        var all = await Sandbox.Receiver.WaitForAsync(received => received.Count >= 1);

        all[0].Changes.Single().GetProperty("field").GetString().ShouldBe("account_update");
        all[0].Values.Single().GetProperty("event").GetString().ShouldBe("ACCOUNT_RESTRICTION");
        all[0].Json.GetProperty("entry")[0].GetProperty("time").GetInt64().ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("""{"type":"poll"}""", "type must be one of")]
    [InlineData("""{"count":0}""", "count must be between")]
    [InlineData("""{"from":"nobody"}""", "is not a phone number")]
    [InlineData("""{"phoneNumberId":"1"}""", "There is no phone number with the id '1'")]
    [InlineData("""{"userId":"?"}""", "is not of the form")]
    public async Task SaysWhatIsWrongWithAnOrder(string order, string sentence)
    {
        var answer = await Sandbox.PostAsync("/control/whatsapp/inbound", JsonElement.Parse(order));
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Json.GetProperty("detail").GetString()!.ShouldContain(sentence);
    }
}
