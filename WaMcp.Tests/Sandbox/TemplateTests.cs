using System.Net;
using System.Text.Json;
using WaMcp.Sandbox.Control;

namespace WaMcp.Tests.Sandbox;

public sealed class TemplateTests(SandboxHost sandbox) : SandboxTests(sandbox)
{
    [Fact]
    public async Task FillsInTheParametersAndPricesTheCategory()
    {
        var answer = await SendAsync("order_update", "en_US", Body("Ada", "A-1001", "on its way"));

        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Json.ToString());
        answer.Json.GetProperty("messages")[0].GetProperty("message_status").GetString().ShouldBe("accepted");
        var bubble = (await Sandbox.ChatAsync()).Single();
        bubble.Text.ShouldBe("Hi Ada, your order A-1001 is on its way.");
        bubble.Choices.Select(choice => (choice.Kind, choice.Title)).ShouldBe([("quick_reply", "Where is it?"), ("quick_reply", "Stop updates")]);
        var status = (await Sandbox.Receiver.StatusesAsync(answer.Wamid, 1))[0];
        status.GetProperty("pricing").GetProperty("category").GetString().ShouldBe("utility");
    }

    [Theory]
    [InlineData("no_such_template", "en_US", 132001)]
    [InlineData("hello_world", "fr", 132001)]
    [InlineData("hello_world", "en_US", 0)]
    [InlineData("order_update", "de", 132000)]
    public async Task NeedsNameLanguageAndParameters(string name, string language, int code)
    {
        var answer = await SendAsync(name, language);

        (answer.Status == HttpStatusCode.OK ? 0 : answer.Code).ShouldBe(code);
        if (code == 132001)
        {
            answer.Status.ShouldBe(HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task NamesTheCountThatDoesNotMatch()
    {
        var answer = await SendAsync("order_update", "en_US", Body("Ada"));

        answer.Code.ShouldBe(132000);
        answer.Details.ShouldBe("body: number of localizable_params (1) does not match the expected number of params (3)");
    }

    [Fact]
    public async Task ParametersHaveTheFormatOfTheTemplate()
    {
        (await SendAsync("autumn_sale", "en_US", Body("Ada", "25%"), UrlButton("autumn"))).Code.ShouldBe(132012);
        var image = new { type = "header", parameters = new[] { new { type = "image", image = new { link = "https://x.example/a.png" } } } };
        (await SendAsync("autumn_sale", "en_US", image, Body("Ada", "25%"))).Code.ShouldBe(131008);
        (await SendAsync("autumn_sale", "en_US", image, Body("Ada", "25%"), UrlButton("autumn"))).Status.ShouldBe(HttpStatusCode.OK);
        (await Sandbox.ChatAsync()).Single().Choices[0].Value.ShouldBe("https://shop.example/autumn");
    }

    [Fact]
    public async Task NamedParametersGoByName()
    {
        var header = new { type = "header", parameters = new[] { new { type = "text", parameter_name = "customer_name", text = "Ada" } } };
        var body = new
        {
            type = "body",
            parameters = new[] { new { type = "text", parameter_name = "time", text = "10:00" }, new { type = "text", parameter_name = "day", text = "Monday" } },
        };
        (await SendAsync("appointment_reminder", "en_US", header, body)).Status.ShouldBe(HttpStatusCode.OK);

        var bubble = (await Sandbox.ChatAsync()).Single();
        bubble.Header.ShouldBe("Reminder for Ada");
        bubble.Text.ShouldBe("Your appointment is on Monday at 10:00.");
        (await SendAsync("appointment_reminder", "en_US", header, Body("10:00", "Monday"))).Code.ShouldBe(100);
    }

    [Fact]
    public async Task AuthenticationNeedsAPhoneNumber()
    {
        var template = new { name = "login_code", language = new { code = "en_US" }, components = new object[] { Body("123456"), UrlButton("123456") } };
        (await Sandbox.SendAsync("template", template)).Status.ShouldBe(HttpStatusCode.OK);
        var byUserId = await Sandbox.SendAsync(new { messaging_product = "whatsapp", recipient = SandboxHost.AdaUserId, type = "template", template });
        byUserId.Code.ShouldBe(131062);
    }

    [Fact]
    public async Task ListsByNameWithCursors()
    {
        var named = await Sandbox.GetAsync($"/v25.0/{SandboxHost.Account}/message_templates?name=order_update");
        named.Json.GetProperty("data").EnumerateArray().Select(template => template.GetProperty("language").GetString()).ShouldBe(["en_US", "de"]);

        var seen = new List<string>();
        var after = "";
        while (true)
        {
            var page = (await Sandbox.GetAsync($"/v25.0/{SandboxHost.Account}/message_templates?limit=2&fields=name,language,status&after={after}")).Json;
            seen.AddRange(page.GetProperty("data").EnumerateArray().Select(template => $"{template.GetProperty("name")} {template.GetProperty("language")}"));
            if (!page.TryGetProperty("paging", out var paging) || !paging.TryGetProperty("next", out _))
            {
                break;
            }

            after = paging.GetProperty("cursors").GetProperty("after").GetString()!;
        }

        seen.Distinct().Count().ShouldBe(6);
        seen.Count.ShouldBe(6);
    }

    [Fact]
    public async Task ANewTemplateIsReviewedAndThenUsable()
    {
        await Sandbox.ChangeAsync(new SandboxSettings { TemplateReviewMs = 1 });
        var created = await CreateAsync("parcel_arrived");

        created.Json.GetProperty("status").GetString().ShouldBe("PENDING");
        var change = await TemplateChangeAsync("parcel_arrived", "APPROVED");
        change.GetProperty("message_template_id").GetInt64().ToString().ShouldBe(created.Json.GetProperty("id").GetString());
        change.GetProperty("reason").GetString().ShouldBe("NONE");
        (await SendAsync("parcel_arrived", "en_US", Body("Ada"))).Status.ShouldBe(HttpStatusCode.OK);
        var node = await Sandbox.GetAsync($"/v25.0/{created.Json.GetProperty("id").GetString()}?fields=name,status");
        node.Json.GetProperty("status").GetString().ShouldBe("APPROVED");
    }

    [Fact]
    public async Task APendingTemplateCannotBeSentNorCreatedTwice()
    {
        await Sandbox.ChangeAsync(new SandboxSettings { TemplateReviewMs = 3_600_000 });
        await CreateAsync("slow_review");

        (await SendAsync("slow_review", "en_US", Body("Ada"))).Code.ShouldBe(132001);
        var again = await CreateAsync("slow_review");
        again.Code.ShouldBe(100);
        again.Error.GetProperty("error_subcode").GetInt32().ShouldBe(2388024);
    }

    [Theory]
    [InlineData("PAUSED", 132015)]
    [InlineData("DISABLED", 132016)]
    [InlineData("REJECTED", 132001)]
    public async Task MetaMayTakeATemplateAway(string status, int code)
    {
        (await Sandbox.PostAsync("/control/whatsapp/templates", new TemplateOrder { Name = "hello_world", Status = status, Reason = "LOW_QUALITY" })).Status.ShouldBe(HttpStatusCode.NoContent);

        (await TemplateChangeAsync("hello_world", status)).GetProperty("reason").GetString().ShouldBe("LOW_QUALITY");
        (await SendAsync("hello_world", "en_US")).Code.ShouldBe(code);
    }

    [Fact]
    public async Task DeletesAllLanguagesOrOne()
    {
        var path = $"/v25.0/{SandboxHost.Account}/message_templates";
        var german = (await Sandbox.GetAsync($"{path}?name=order_update&language=de")).Json.GetProperty("data")[0].GetProperty("id").GetString();
        (await Sandbox.DeleteAsync($"{path}?name=order_update&hsm_id={german}")).Json.GetProperty("success").GetBoolean().ShouldBeTrue();
        (await Sandbox.GetAsync($"{path}?name=order_update")).Json.GetProperty("data").GetArrayLength().ShouldBe(1);
        (await Sandbox.DeleteAsync($"{path}?name=order_update")).Status.ShouldBe(HttpStatusCode.OK);
        (await Sandbox.DeleteAsync($"{path}?name=order_update")).Code.ShouldBe(100);
    }

    [Theory]
    [InlineData("""{"name":"Bad Name","language":"en_US","category":"UTILITY","components":[{"type":"BODY","text":"x"}]}""")]
    [InlineData("""{"name":"good","language":"en_US","category":"SPAM","components":[{"type":"BODY","text":"x"}]}""")]
    [InlineData("""{"name":"good","language":"en_US","category":"UTILITY","components":[{"type":"FOOTER","text":"x"}]}""")]
    public async Task RefusesATemplateThatIsNone(string template)
    {
        var answer = await Sandbox.PostAsync($"/v25.0/{SandboxHost.Account}/message_templates", JsonElement.Parse(template));
        answer.Code.ShouldBe(100);
    }

    private static object Body(params string[] texts) => new { type = "body", parameters = texts.Select(text => new { type = "text", text }) };

    private static object UrlButton(string text) => new { type = "button", sub_type = "url", index = "0", parameters = new[] { new { type = "text", text } } };

    private Task<SandboxAnswer> SendAsync(string name, string language, params object[] components) =>
        Sandbox.SendAsync("template", new { name, language = new { code = language }, components });

    private Task<SandboxAnswer> CreateAsync(string name) => Sandbox.PostAsync($"/v25.0/{SandboxHost.Account}/message_templates", new
    {
        name,
        language = "en_US",
        category = "UTILITY",
        components = new[] { new { type = "BODY", text = "Hello {{1}}" } },
    });

    private async Task<JsonElement> TemplateChangeAsync(string name, string status)
    {
        var all = await Sandbox.Receiver.WaitForAsync(received => received.SelectMany(webhook => webhook.Changes).Any(IsIt));
        return all.SelectMany(webhook => webhook.Changes).First(IsIt).GetProperty("value");

        bool IsIt(JsonElement change) => change.GetProperty("field").GetString() == "message_template_status_update"
            && change.GetProperty("value").GetProperty("message_template_name").GetString() == name
            && change.GetProperty("value").GetProperty("event").GetString() == status;
    }
}
