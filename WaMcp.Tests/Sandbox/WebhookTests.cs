using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using WaMcp.Sandbox.Control;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Sandbox;

public sealed class WebhookTests(SandboxHost sandbox) : SandboxTests(sandbox)
{
    [Fact]
    public async Task SignsTheBytesItSends()
    {
        var id = await Sandbox.InboundAsync(new InboundOrder { Text = "Grüße, 你好 \U0001F44B" });
        var webhook = await Sandbox.Receiver.WebhookOfMessageAsync(id);

        var expected = "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(SandboxHost.AppSecret), webhook.Body));
        webhook.Headers["X-Hub-Signature-256"].ShouldBe(expected);
        webhook.Headers["Content-Type"].ShouldBe("application/json");
        Encoding.UTF8.GetString(webhook.Body).ShouldContain("\\u00FC", customMessage: "beyond ASCII it must be escaped, as Meta does");
        webhook.Messages.Single().GetProperty("text").GetProperty("body").GetString().ShouldBe("Grüße, 你好 \U0001F44B");
    }

    [Fact]
    public async Task ReportsSentDeliveredReadWithOurDataAndThePrice()
    {
        var answer = await Sandbox.SendAsync(new
        {
            messaging_product = "whatsapp",
            to = SandboxHost.Ada,
            type = "text",
            text = new { body = "Hello" },
            biz_opaque_callback_data = "msg_42",
        });
        var statuses = await Sandbox.Receiver.StatusesAsync(answer.Wamid, 3);

        statuses.Select(status => status.GetProperty("status").GetString()).ShouldBe(["sent", "delivered", "read"]);
        foreach (var status in statuses)
        {
            status.GetProperty("biz_opaque_callback_data").GetString().ShouldBe("msg_42");
            status.GetProperty("recipient_id").GetString().ShouldBe(SandboxHost.Ada);
            status.GetProperty("recipient_user_id").GetString().ShouldBe(SandboxHost.AdaUserId);
            long.Parse(status.GetProperty("timestamp").GetString()!).ShouldBeGreaterThan(1_700_000_000);
            var pricing = status.GetProperty("pricing");
            pricing.GetProperty("billable").GetBoolean().ShouldBeTrue();
            pricing.GetProperty("pricing_model").GetString().ShouldBe("PMP");
            pricing.GetProperty("category").GetString().ShouldBe("service");
            pricing.GetProperty("type").GetString().ShouldBe("regular");
        }
    }

    [Fact]
    public async Task SendsNoTraceHeaders()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var activity = new Activity("test").Start();
        var answer = await Sandbox.SendTextAsync("Hello");
        await Sandbox.Receiver.StatusesAsync(answer.Wamid, 3);

        Sandbox.Receiver.Received.ShouldNotBeEmpty();
        Sandbox.Receiver.Received.ShouldAllBe(webhook => !webhook.Headers.ContainsKey("traceparent") && !webhook.Headers.ContainsKey("baggage"));
    }

    [Fact]
    public async Task PostsTheSameBytesAgainUntilAnswered200()
    {
        Sandbox.Receiver.AnswerWith(HttpStatusCode.InternalServerError, HttpStatusCode.Accepted, HttpStatusCode.ServiceUnavailable);
        var id = await Sandbox.InboundAsync(new InboundOrder { Text = "Again" });
        var all = await Sandbox.Receiver.WaitForAsync(received => received.Count >= 4);

        all.ShouldAllBe(webhook => webhook.Body.SequenceEqual(all[0].Body) && webhook.Headers["X-Hub-Signature-256"] == all[0].Headers["X-Hub-Signature-256"]);
        all[0].Messages.Single().GetProperty("id").GetString().ShouldBe(id);
        var delivery = (await Eventually.GetAsync("the webhook is accepted", Sandbox.WebhooksAsync, deliveries => deliveries is [{ State: "accepted" }])).Single();
        delivery.Attempts.ShouldBe(4);
        delivery.LastStatus.ShouldBe(200);
    }

    [Fact]
    public async Task AWebhookThatIsRefusedDoesNotHoldUpTheNext()
    {
        await Sandbox.ChangeAsync(new SandboxSettings { Retry = new SandboxRetry { FirstMs = 3_600_000, MaxMs = 3_600_000 } });
        Sandbox.Receiver.AnswerWith(HttpStatusCode.InternalServerError, HttpStatusCode.InternalServerError);
        await Sandbox.InboundAsync(new InboundOrder { Text = "Refused twice" });
        await Sandbox.Receiver.WaitForAsync(received => received.Count >= 2);
        var next = await Sandbox.InboundAsync(new InboundOrder { Text = "Next" });

        await Sandbox.Receiver.MessageAsync(next);
        var waiting = (await Eventually.GetAsync("the webhook was tried twice", Sandbox.WebhooksAsync, all => all.Any(delivery => delivery.Attempts == 2)))[0];
        waiting.State.ShouldBe("waiting");
        waiting.NextAttemptAt!.Value.ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddMinutes(50));
        (await Sandbox.StateAsync()).Webhooks.Pending.ShouldBe(1);
        await Sandbox.ResetAsync();
        (await Sandbox.StateAsync()).Webhooks.Pending.ShouldBe(0);
    }

    [Fact]
    public async Task DuplicatesAreTheSameBytes()
    {
        await Sandbox.ChangeAsync(new SandboxSettings { Duplicates = 2 });
        var id = await Sandbox.InboundAsync(new InboundOrder());
        var all = await Sandbox.Receiver.WaitForAsync(received => received.Count(webhook => webhook.Messages.Any()) >= 3);

        all.ShouldAllBe(webhook => webhook.Messages.Single().GetProperty("id").GetString() == id && webhook.Body.SequenceEqual(all[0].Body));
    }

    [Fact]
    public async Task DisorderIsNeverTheNaturalOrder()
    {
        await Sandbox.ChangeAsync(new SandboxSettings { Disorder = true });
        for (var index = 0; index < 10; index++)
        {
            var answer = await Sandbox.SendTextAsync($"{index}");
            var statuses = await Sandbox.Receiver.StatusesAsync(answer.Wamid, 3);
            var names = statuses.Select(status => status.GetProperty("status").GetString()!).ToArray();

            names.ShouldNotBe(["sent", "delivered", "read"]);
            names.Order().ShouldBe(["delivered", "read", "sent"]);
        }

        (await Sandbox.ChatAsync()).ShouldAllBe(bubble => bubble.Status == "read");
    }

    [Fact]
    public async Task BatchesAreBounded()
    {
        await Sandbox.ChangeAsync(new SandboxSettings { BatchSize = 4 });
        var ids = await Sandbox.InboundIdsAsync(new InboundOrder { Count = 50 });
        var all = await Sandbox.Receiver.WaitForAsync(received => received.SelectMany(webhook => webhook.Messages).Count() >= 50);

        all.ShouldAllBe(webhook => webhook.Messages.Count() <= 4);
        all.SelectMany(webhook => webhook.Messages).Select(message => message.GetProperty("id").GetString()!).ShouldBe(ids);
        all.ShouldAllBe(webhook => webhook.Values.All(value => value.GetProperty("contacts").GetArrayLength() == 1));
    }

    [Fact]
    public async Task OnlyTheConfiguredStatusesCome()
    {
        await Sandbox.ChangeAsync(new SandboxSettings { Statuses = ["delivered"] });
        var first = await Sandbox.SendTextAsync("One");
        var second = await Sandbox.SendTextAsync("Two");
        await Sandbox.Receiver.StatusesAsync(second.Wamid, 1);

        WebhookReceiver.StatusesOf(Sandbox.Receiver.Received, first.Wamid).Select(status => status.GetProperty("status").GetString()).ShouldBe(["delivered"]);
    }

    [Fact]
    public async Task AStatusByHandCarriesItsError()
    {
        await Sandbox.ChangeAsync(new SandboxSettings { Statuses = [] });
        var answer = await Sandbox.SendTextAsync("Doomed");
        await Sandbox.PostAsync("/control/whatsapp/statuses", new StatusOrder { Wamid = answer.Wamid, Status = "failed", Errors = [new StatusOrderError(131049)] });
        var status = (await Sandbox.Receiver.StatusesAsync(answer.Wamid, 1)).Single();

        status.GetProperty("status").GetString().ShouldBe("failed");
        status.GetProperty("errors")[0].GetProperty("code").GetInt32().ShouldBe(131049);
        status.TryGetProperty("pricing", out _).ShouldBeFalse();
        (await Sandbox.ChatAsync()).Single().Failure.ShouldStartWith("131049");
    }

    [Fact]
    public async Task ReportsTheChallengeAndRepeatsItOnDemand()
    {
        (await Eventually.GetAsync("the callback has passed the challenge", Sandbox.StateAsync, state => state.Callback.Verified)).Callback.Url.ShouldBe(Sandbox.Receiver.Url);

        Sandbox.Receiver.Refuses = true;
        (await Sandbox.PostAsync("/control/whatsapp/verify", new { })).Json.GetProperty("verified").GetBoolean().ShouldBeFalse();
        var state = await Sandbox.StateAsync();
        state.Callback.Verified.ShouldBeFalse();
        state.Callback.LastError.ShouldBe("The callback answered the challenge with 403.");
        Sandbox.Receiver.Refuses = false;
        (await Sandbox.PostAsync("/control/whatsapp/verify", new { })).Json.GetProperty("verified").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task TheMostSpecificOverrideWinsAndMustPassTheChallenge()
    {
        await using var account = await WebhookReceiver.StartAsync("account-token");
        await using var number = await WebhookReceiver.StartAsync("number-token");
        var wrong = await Sandbox.PostAsync($"/v25.0/{SandboxHost.Account}/subscribed_apps", new { override_callback_uri = account.Url, verify_token = "guess" });
        wrong.Code.ShouldBe(2200);
        (await Sandbox.PostAsync($"/v25.0/{SandboxHost.Account}/subscribed_apps", new { override_callback_uri = account.Url, verify_token = "account-token" })).Status.ShouldBe(HttpStatusCode.OK);
        var configuration = new { webhook_configuration = new { override_callback_uri = number.Url, verify_token = "number-token" } };
        (await Sandbox.PostAsync($"/v25.0/{SandboxHost.Sales}", configuration)).Status.ShouldBe(HttpStatusCode.OK);

        var support = await Sandbox.InboundAsync(new InboundOrder());
        var sales = await Sandbox.InboundAsync(new InboundOrder { PhoneNumberId = SandboxHost.Sales });

        await account.MessageAsync(support);
        await number.MessageAsync(sales);
        Sandbox.Receiver.Received.ShouldBeEmpty();
    }
}
