using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

public sealed class TemplateToolsTests : IAsyncLifetime
{
    private readonly ShiftedClock clock = new();
    private WaMcpSystem system = null!;
    private Talk talk = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartWithClockAsync(clock);
        talk = await Talk.BeginAsync(system);
    }

    public Task DisposeAsync() => system.DisposeAsync().AsTask();

    [Fact]
    public async Task TheListSaysWhatEachTemplateNeeds()
    {
        var templates = (await ListAsync()).GetProperty("templates").EnumerateArray().ToDictionary(Key);

        templates.Keys.ShouldBe(["appointment_reminder/en_US", "autumn_sale/en_US", "hello_world/en_US", "login_code/en_US", "order_update/de", "order_update/en_US"]);
        Needs("autumn_sale/en_US").ShouldBe("""{"header":"image","body":["1","2"],"named":false,"buttons":[0]}""");
        Needs("appointment_reminder/en_US").ShouldBe("""{"header":"text","body":["day","time"],"named":true,"buttons":[]}""");
        Needs("hello_world/en_US").ShouldBe("""{"body":[],"named":false,"buttons":[]}""");
        templates["login_code/en_US"].GetProperty("category").GetString().ShouldBe("AUTHENTICATION");

        string Needs(string key) => templates[key].GetProperty("needs").GetRawText();
    }

    public static TheoryData<string, string> Mistakes => new()
    {
        { """{"name":"no_such"}""", "no template 'no_such'" },
        { """{"name":"hello_world","language":"fr"}""", "does not exist in 'fr'" },
        { """{"name":"hello_world","body":[{"text":"x"}]}""", "has 1 values; the template has 0 gaps" },
        { """{"name":"order_update","language":"de","body":[{"text":"x"}]}""", "has 1 values; the template has 3 gaps (1, 2, 3)" },
        { """{"name":"hello_world","header":{"text":"x"}}""", "takes none, and text is given" },
        { """{"name":"autumn_sale","body":[{"text":"x"},{"text":"y"}]}""", "needs image" },
        { """{"name":"autumn_sale","header":{"location":{"latitude":1,"longitude":1}},"body":[{"text":"x"},{"text":"y"}]}""", "needs image, and location is given" },
        { """{"name":"autumn_sale","header":{"image":{"mediaId":"med_01890000000000000000000000"}},"body":[{"text":"x"},{"text":"y"}]}""", "button 0 ('Visit the shop', URL) needs a value: the ending of its address" },
        { """{"name":"hello_world","buttons":[{"index":0,"value":"x"}]}""", "there is no button 0" },
        { """{"name":"order_update","language":"de","body":[{"text":"x"},{"text":"y"},{"text":"z"}],"buttons":[{"index":0,"value":"x"},{"index":0,"value":"y"}]}""", "given twice" },
        { """{"name":"order_update","language":"de","body":[{"text":"x"},{"text":"y"},{"text":"z"}],"buttons":[{"index":0,"action":{}}]}""", "takes a value: what comes back when it is tapped" },
        { """{"name":"order_update","language":"de","body":[{"text":"x","name":"who"},{"text":"y"},{"text":"z"}]}""", "leave out name" },
        { """{"name":"appointment_reminder","header":{"text":"Ada","name":"customer_name"},"body":[{"text":"x","name":"day"},{"text":"y"}]}""", "missing: time" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task ATemplateThatIsFilledWronglyIsRefusedBeforeItIsAccepted(string arguments, string sentence)
    {
        var refused = await talk.TryAsync("send_template", JsonElement.Parse(arguments));
        refused.Reason.ShouldBe("template_refused", refused.ToString());
        refused.Structured.GetProperty("message").GetString()!.ShouldContain(sentence);
        refused.Structured.GetProperty("nextAction").GetString().ShouldNotBeNullOrEmpty();
        (await system.QueryAsync<long>("SELECT count(*) FROM messages")).ShouldBe(0);
    }

    [Fact]
    public async Task AChangeThatTheProviderTellsIsSeenAtOnceAndTheRestIsTakenFromTheCopy()
    {
        await ListAsync();
        await ListAsync();
        (await system.Sandbox.RequestsAsync("message_templates")).ShouldBe(1);

        await system.Sandbox.DecideAsync("hello_world", "PAUSED");

        await Eventually.TrueAsync("the template is gone from the list", async () => !(await ListAsync()).ToString().Contains("hello_world", StringComparison.Ordinal));
        (await system.Sandbox.RequestsAsync("message_templates")).ShouldBe(2);
        var refused = await talk.TryAsync("send_template", new { name = "hello_world" });
        refused.Structured.GetProperty("message").GetString()!.ShouldContain("it is paused");
        (await talk.Mcp.ResultAsync("list_templates", new { channel = talk.Channel, all = true, name = "hello_world" }))
            .GetProperty("templates").EnumerateArray().ShouldHaveSingleItem().GetProperty("status").GetString().ShouldBe("PAUSED");
    }

    [Fact]
    public async Task ACopyIsRenewedAfterAnHourAndUsedWhileTheProviderIsAway()
    {
        await ListAsync();
        clock.Advance(TimeSpan.FromMinutes(59));
        await ListAsync();
        (await system.Sandbox.RequestsAsync("message_templates")).ShouldBe(1);
        clock.Advance(TimeSpan.FromMinutes(2));
        await AwayAsync();

        (await ListAsync()).GetProperty("notice").GetString()!.ShouldContain("cannot be asked");
        var sent = await talk.SendAsync("send_template", new { name = "hello_world" });
        sent.GetProperty("notice").GetString()!.ShouldContain("cannot be asked");
        (await system.Sandbox.RequestsAsync("message_templates")).ShouldBe(2, "a provider that is away is not asked at every call");
    }

    [Fact]
    public async Task WithoutAnyCopyATemplateIsRefusedWhileTheProviderIsAway()
    {
        await AwayAsync();
        (await talk.TryAsync("send_template", new { name = "hello_world" })).Reason.ShouldBe("unavailable");
        (await talk.TryAsync("list_templates", new { })).Reason.ShouldBe("invalid_input"); // it takes no recipient
        (await talk.Mcp.CallAsync("list_templates", new { channel = talk.Channel })).Reason.ShouldBe("unavailable");
        await talk.HearAsync();
        await talk.LetPassAsync(TimeSpan.FromHours(25));
        (await talk.TryAsync("send_message", new { text = "hi" })).Reason.ShouldBe("window_closed");
    }

    [Fact]
    public async Task AListOfSeveralPagesIsReadToItsEnd()
    {
        system.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TestSecrets.AccessToken);
        for (var i = 0; i < 120; i++)
        {
            using var created = await system.Http.PostAsJsonAsync(
                new Uri(system.SandboxAddress, "/v25.0/200000000000001/message_templates"),
                new { name = $"page_{i}", language = "en_US", category = "UTILITY", components = new[] { new { type = "BODY", text = "x" } } });
            created.EnsureSuccessStatusCode();
        }

        (await talk.Mcp.ResultAsync("list_templates", new { channel = talk.Channel, all = true })).GetProperty("templates").GetArrayLength().ShouldBe(126);
    }

    private Task<JsonElement> ListAsync() => talk.Mcp.ResultAsync("list_templates", new { channel = talk.Channel });

    private Task AwayAsync() => system.Sandbox.FaultAsync(new JsonObject
    {
        ["match"] = new JsonObject { ["path"] = "message_templates" },
        ["mode"] = "error",
        ["code"] = 2,
        ["count"] = 0,
    });

    private static string Key(JsonElement template) => $"{template.GetProperty("name")}/{template.GetProperty("language")}";
}
