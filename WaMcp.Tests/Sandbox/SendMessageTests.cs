using System.Net;
using System.Text;
using System.Text.Json;
using WaMcp.Sandbox.Control;

namespace WaMcp.Tests.Sandbox;

public sealed class SendMessageTests(SandboxHost sandbox) : SandboxTests(sandbox)
{
    public static TheoryData<string, string, int> Refused => new()
    {
        { "no product", """{"to":"15550100100","type":"text","text":{"body":"x"}}""", 100 },
        { "no recipient", """{"messaging_product":"whatsapp","type":"text","text":{"body":"x"}}""", 100 },
        { "a recipient that is no number", """{"messaging_product":"whatsapp","to":"ada","type":"text","text":{"body":"x"}}""", 131009 },
        { "a recipient that is no user id", """{"messaging_product":"whatsapp","recipient":"ada!","type":"text","text":{"body":"x"}}""", 131009 },
        { "the sender itself", """{"messaging_product":"whatsapp","to":"+1 555 010 0001","type":"text","text":{"body":"x"}}""", 131021 },
        { "a group", """{"messaging_product":"whatsapp","recipient_type":"group","to":"1","type":"text","text":{"body":"x"}}""", 100 },
        { "an unknown type", """{"messaging_product":"whatsapp","to":"15550100100","type":"poll","poll":{}}""", 131051 },
        { "text without text", """{"messaging_product":"whatsapp","to":"15550100100","type":"text"}""", 131008 },
        { "text with an empty body", """{"messaging_product":"whatsapp","to":"15550100100","type":"text","text":{"body":""}}""", 131008 },
        { "text of the wrong kind", """{"messaging_product":"whatsapp","to":"15550100100","type":"text","text":"x"}""", 131009 },
        { "direct send", """{"messaging_product":"whatsapp","to":"15550100100","type":"text","text":{"body":"x"},"category":"utility"}""", 100 },
        { "location without latitude", """{"messaging_product":"whatsapp","to":"15550100100","type":"location","location":{"longitude":1}}""", 131008 },
        { "location beyond the pole", """{"messaging_product":"whatsapp","to":"15550100100","type":"location","location":{"latitude":91,"longitude":1}}""", 131009 },
        { "contacts without name", """{"messaging_product":"whatsapp","to":"15550100100","type":"contacts","contacts":[{"phones":[]}]}""", 131008 },
        { "no contacts", """{"messaging_product":"whatsapp","to":"15550100100","type":"contacts","contacts":[]}""", 131009 },
        { "reaction to nothing", """{"messaging_product":"whatsapp","to":"15550100100","type":"reaction","reaction":{"message_id":"wamid.none","emoji":"x"}}""", 131009 },
        { "image without file", """{"messaging_product":"whatsapp","to":"15550100100","type":"image","image":{}}""", 131008 },
        { "image with both", """{"messaging_product":"whatsapp","to":"15550100100","type":"image","image":{"id":"1","link":"https://x.example/a.png"}}""", 131009 },
        { "image of an unknown id", """{"messaging_product":"whatsapp","to":"15550100100","type":"image","image":{"id":"1"}}""", 131009 },
        { "image by another scheme", """{"messaging_product":"whatsapp","to":"15550100100","type":"image","image":{"link":"file:///etc/passwd"}}""", 131009 },
        { "audio with caption", """{"messaging_product":"whatsapp","to":"15550100100","type":"audio","audio":{"link":"https://x.example/a.ogg","caption":"x"}}""", 100 },
        { "mark read of nothing", """{"messaging_product":"whatsapp","status":"read","message_id":"wamid.none"}""", 131009 },
        { "mark as seen", """{"messaging_product":"whatsapp","status":"seen","message_id":"wamid.none"}""", 131009 },
    };

    public static TheoryData<string, string, int> RefusedInteractive => new()
    {
        { "no body", """{"type":"button","action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"a"}}]}}""", 131008 },
        { "four buttons", Buttons(4), 131009 },
        { "no buttons", Buttons(0), 131009 },
        { "the same title twice", """{"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"a"}},{"type":"reply","reply":{"id":"2","title":"a"}}]}}""", 131009 },
        { "a title of 21", $$$"""{"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"{{{new string('a', 21)}}}"}}]}}""", 131009 },
        { "a body of 1025", $$$"""{"type":"button","body":{"text":"{{{new string('a', 1025)}}}"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"a"}}]}}""", 131009 },
        { "a footer of 61", $$$"""{"type":"button","body":{"text":"x"},"footer":{"text":"{{{new string('a', 61)}}}"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"a"}}]}}""", 131009 },
        { "eleven rows", List(11), 131009 },
        { "an image over a list", """{"type":"list","header":{"type":"image","image":{"link":"https://x.example/a.png"}},"body":{"text":"x"},"action":{"button":"b","sections":[{"rows":[{"id":"1","title":"a"}]}]}}""", 131009 },
        { "two sections, one title", """{"type":"list","body":{"text":"x"},"action":{"button":"b","sections":[{"title":"s","rows":[{"id":"1","title":"a"}]},{"rows":[{"id":"2","title":"a"}]}]}}""", 131008 },
        { "a link that is none", """{"type":"cta_url","body":{"text":"x"},"action":{"name":"cta_url","parameters":{"display_text":"Go","url":"javascript:alert(1)"}}}""", 131009 },
        { "a flow of both names", """{"type":"flow","body":{"text":"x"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_cta":"Go","flow_id":"1","flow_name":"n"}}}""", 131009 },
        { "location request by another name", """{"type":"location_request_message","body":{"text":"x"},"action":{"name":"where"}}""", 131009 },
        { "an unknown kind", """{"type":"quiz","body":{"text":"x"},"action":{}}""", 131009 },
    };

    public static TheoryData<string, string> Accepted => new()
    {
        { "image", """{"link":"https://x.example/a.png","caption":"c"}""" },
        { "document", """{"link":"https://x.example/a.pdf","filename":"a.pdf","caption":"c"}""" },
        { "audio", """{"link":"https://x.example/a.ogg","voice":true}""" },
        { "video", """{"link":"https://x.example/a.mp4"}""" },
        { "sticker", """{"link":"https://x.example/a.webp"}""" },
        { "location", """{"latitude":"52.5","longitude":13.4,"name":"n","address":"a"}""" },
        { "contacts", """[{"name":{"formatted_name":"Grace Hopper"},"phones":[{"phone":"+15550100142"}]}]""" },
        { "interactive", Buttons(3) },
        { "interactive", List(10) },
        { "interactive", """{"type":"cta_url","body":{"text":"x"},"action":{"name":"cta_url","parameters":{"display_text":"Go","url":"https://x.example"}}}""" },
        { "interactive", """{"type":"location_request_message","body":{"text":"x"},"action":{"name":"send_location"}}""" },
        { "interactive", """{"type":"request_contact_info","body":{"text":"x"},"action":{"name":"request_contact_info"}}""" },
        { "interactive", """{"type":"flow","body":{"text":"x"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_cta":"Go","flow_id":"1"}}}""" },
    };

    [Fact]
    public async Task AnswersWithBothIdsOfTheCustomer()
    {
        var answer = await Sandbox.SendTextAsync("Hello", "+1 (555) 010-0100");

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Json.GetProperty("messaging_product").GetString().ShouldBe("whatsapp");
        var contact = answer.Json.GetProperty("contacts")[0];
        contact.GetProperty("input").GetString().ShouldBe("+1 (555) 010-0100");
        contact.GetProperty("wa_id").GetString().ShouldBe(SandboxHost.Ada);
        contact.GetProperty("user_id").GetString().ShouldBe(SandboxHost.AdaUserId);
        answer.Wamid.ShouldStartWith("wamid.");
    }

    [Fact]
    public async Task TakesAUserIdAndThenDoesNotTellTheNumber()
    {
        var answer = await Sandbox.SendAsync(new { messaging_product = "whatsapp", recipient = SandboxHost.AdaUserId, type = "text", text = new { body = "Hello" } });

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Json.GetProperty("contacts")[0].TryGetProperty("wa_id", out _).ShouldBeFalse();
        var status = (await Sandbox.Receiver.StatusesAsync(answer.Wamid, 1))[0];
        status.TryGetProperty("recipient_id", out _).ShouldBeFalse();
        status.GetProperty("recipient_user_id").GetString().ShouldBe(SandboxHost.AdaUserId);
    }

    [Fact]
    public async Task TheNumberWinsOverTheUserId()
    {
        var answer = await Sandbox.SendAsync(new { messaging_product = "whatsapp", to = SandboxHost.Ada, recipient = "DE.999", type = "text", text = new { body = "x" } });

        answer.Json.GetProperty("contacts")[0].GetProperty("user_id").GetString().ShouldBe(SandboxHost.AdaUserId);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task RefusesWithMetasCode(string what, string message, int code)
    {
        var answer = await PostRawAsync(message);

        answer.Status.ShouldBe(HttpStatusCode.BadRequest, what);
        answer.Code.ShouldBe(code, $"{what}: {answer.Json}");
        answer.Error.GetProperty("type").GetString().ShouldBe("OAuthException");
        answer.Error.GetProperty("fbtrace_id").GetString().ShouldNotBeNullOrEmpty();
        answer.Error.GetProperty("error_data").GetProperty("messaging_product").GetString().ShouldBe("whatsapp");
    }

    [Theory]
    [MemberData(nameof(RefusedInteractive))]
    public async Task RefusesInteractiveWithMetasCode(string what, string interactive, int code)
    {
        var answer = await SendRawAsync("interactive", interactive);

        answer.Status.ShouldBe(HttpStatusCode.BadRequest, what);
        answer.Code.ShouldBe(code, $"{what}: {answer.Json}");
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public async Task AcceptsEveryTypeAndShowsIt(string type, string content)
    {
        var answer = await SendRawAsync(type, content);

        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Json.ToString());
        (await Sandbox.ChatAsync()).ShouldHaveSingleItem().Id.ShouldBe(answer.Wamid);
    }

    [Fact]
    public async Task CountsCharactersAsPeopleDo()
    {
        (await Sandbox.SendTextAsync(string.Concat(Enumerable.Repeat("\U0001F600", 4096)))).Status.ShouldBe(HttpStatusCode.OK);
        var tooLong = await Sandbox.SendTextAsync(new string('a', 4097));
        tooLong.Code.ShouldBe(100);
        tooLong.Details.ShouldBe("Param text['body'] must be at most 4096 characters long.");
    }

    [Fact]
    public async Task RefusesAnUnknownNumberAsGraphDoes()
    {
        var answer = await Sandbox.SendTextAsync("x", number: "999");

        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Code.ShouldBe(100);
        answer.Error.GetProperty("error_subcode").GetInt32().ShouldBe(33);
    }

    [Fact]
    public async Task RefusesABodyThatIsNoJson()
    {
        var answer = await PostRawAsync("""{"to": "15550100100", "text": "my secret""");

        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Code.ShouldBe(100);
        answer.Json.ToString().ShouldNotContain("my secret");
    }

    [Fact]
    public async Task ReactionIsShownOnItsMessageAndOnlySent()
    {
        var question = await Sandbox.InboundAsync(new InboundOrder { Text = "Well?" });
        var reaction = await Sandbox.SendAsync("reaction", new { message_id = question, emoji = "\U0001F44D" });
        var text = await Sandbox.SendTextAsync("After that");
        await Sandbox.Receiver.StatusesAsync(text.Wamid, 3);

        WebhookReceiver.StatusesOf(Sandbox.Receiver.Received, reaction.Wamid).Select(status => status.GetProperty("status").GetString()).ShouldBe(["sent"]);
        var chat = await Sandbox.ChatAsync();
        chat.Select(bubble => bubble.Id).ShouldBe([question, text.Wamid]);
        chat[0].BusinessReaction.ShouldBe("\U0001F44D");
    }

    [Fact]
    public async Task MarkReadCoversEarlierMessagesToo()
    {
        var ids = await Sandbox.InboundIdsAsync(new InboundOrder { Count = 3 });
        var answer = await Sandbox.SendAsync(new { messaging_product = "whatsapp", status = "read", message_id = ids[1], typing_indicator = new { type = "text" } });

        answer.Json.GetProperty("success").GetBoolean().ShouldBeTrue();
        var statuses = (await Sandbox.ChatAsync()).Select(bubble => bubble.Status).ToArray();
        statuses[..2].ShouldBe(["read", "read"]);
        statuses[2].ShouldNotBe("read");
    }

    [Fact]
    public async Task OneSecondTakesNoMoreThanTheThroughput()
    {
        await Sandbox.ChangeAsync(new SandboxSettings { ThroughputPerSecond = 2 });
        var codes = new List<int>();
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 12).Select(index => Sandbox.SendTextAsync($"{index}"))))
        {
            codes.Add(answer.Status == HttpStatusCode.OK ? 0 : answer.Code);
        }

        codes.ShouldContain(130429);
        codes.ShouldContain(0);
        codes.Distinct().Count().ShouldBe(2);
    }

    private static string Buttons(int count) => JsonSerializer.Serialize(new
    {
        type = "button",
        body = new { text = "Choose" },
        action = new { buttons = Enumerable.Range(1, count).Select(index => new { type = "reply", reply = new { id = $"{index}", title = $"Button {index}" } }) },
    });

    private static string List(int rows) => JsonSerializer.Serialize(new
    {
        type = "list",
        body = new { text = "Choose" },
        action = new
        {
            button = "Rows",
            sections = new[]
            {
                new { title = "First", rows = Enumerable.Range(1, 5).Select(index => new { id = $"{index}", title = $"Row {index}" }) },
                new { title = "Second", rows = Enumerable.Range(6, rows - 5).Select(index => new { id = $"{index}", title = $"Row {index}" }) },
            },
        },
    });

    private Task<SandboxAnswer> SendRawAsync(string type, string content) =>
        PostRawAsync($$"""{"messaging_product":"whatsapp","to":"15550100100","type":"{{type}}","{{type}}":{{content}}}""");

    private async Task<SandboxAnswer> PostRawAsync(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await SandboxHost.ReadAsync(await Sandbox.Http.PostAsync($"/v25.0/{SandboxHost.Support}/messages", content));
    }
}
