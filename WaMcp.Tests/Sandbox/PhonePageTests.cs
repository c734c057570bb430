using Microsoft.Playwright;
using WaMcp.Sandbox.Control;
using static Microsoft.Playwright.Assertions;

namespace WaMcp.Tests.Sandbox;

/// <summary>The phone page in a real browser.</summary>
public sealed class PhonePageTests(PhonePageTests.Browser browser) : IClassFixture<PhonePageTests.Browser>, IAsyncLifetime
{
    private readonly SandboxHost sandbox = new();
    private readonly List<string> errors = [];
    private IBrowserContext context = null!;
    private IPage page = null!;

    public async Task InitializeAsync()
    {
        await sandbox.InitializeAsync();
        context = await browser.Instance.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 900 } });
        page = await context.NewPageAsync();
        page.PageError += (_, error) => errors.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                errors.Add(message.Text);
            }
        };
    }

    public async Task DisposeAsync()
    {
        await context.CloseAsync();
        await sandbox.DisposeAsync();
    }

    [Fact]
    public async Task ANewcomerIsToldWhatToDo()
    {
        await OpenAsync();

        await Expect(page.GetByTestId("empty-state")).ToContainTextAsync("+15550100100");
        await Expect(page.GetByTestId("business-name")).ToHaveTextAsync("Sandbox Support");
        await Expect(page.GetByTestId("webhook-state")).ToHaveTextAsync("The server takes them");
        await Expect(page.GetByTestId("window-state")).ToHaveAttributeAsync("data-state", "open");
        errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task AMessageAppearsLiveAndTheAnswerReachesTheServer()
    {
        await OpenAsync();
        var sent = await sandbox.SendTextAsync("Your parcel is here, *Ada*.");

        var bubble = Bubble(sent.Wamid);
        await Expect(bubble.GetByTestId("bubble-text")).ToHaveTextAsync("Your parcel is here, Ada.");
        await Expect(bubble).ToHaveAttributeAsync("data-status", "read");
        await Expect(page.GetByTestId("empty-state")).ToBeHiddenAsync();
        await page.GetByTestId("message-input").FillAsync("Wonderful!");
        await page.GetByTestId("send-button").ClickAsync();

        var all = await sandbox.Receiver.WaitForAsync(received => received.Any(webhook => webhook.Messages.Any()));
        var message = all.SelectMany(webhook => webhook.Messages).Single();
        message.GetProperty("text").GetProperty("body").GetString().ShouldBe("Wonderful!");
        await Expect(Bubble(message.GetProperty("id").GetString()!)).ToHaveAttributeAsync("data-direction", "customer");
        await Expect(Bubble(message.GetProperty("id").GetString()!)).ToHaveAttributeAsync("data-status", "delivered");
        await Expect(page.GetByTestId("message-input")).ToHaveValueAsync("");
        errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task AScriptInAMessageIsTextAndNothingElse()
    {
        const string Attack = "<script>window.owned=1</script><img src=x onerror=\"window.owned=2\"> javascript:window.owned=3";
        await OpenAsync();
        var text = await sandbox.SendTextAsync(Attack);
        await Expect(Bubble(text.Wamid).GetByTestId("bubble-text")).ToHaveTextAsync(Attack);
        var buttons = await sandbox.SendAsync("interactive", new
        {
            type = "button",
            header = new { type = "text", text = "<b onmouseover=window.owned=4>Header</b>" },
            body = new { text = Attack },
            footer = new { text = "<svg/onload=window.owned=5>" },
            action = new { buttons = new[] { new { type = "reply", reply = new { id = "1", title = "<i>tap</i>" } } } },
        });
        await Expect(Bubble(buttons.Wamid).GetByTestId("choice")).ToHaveTextAsync("<i>tap</i>");
        var named = await sandbox.InboundAsync(new InboundOrder { Name = "<img src=x onerror=window.owned=6>", Text = Attack });
        await Expect(Bubble(named)).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Expect(Bubble(text.Wamid).GetByTestId("bubble-text")).ToHaveTextAsync(Attack);

        (await page.EvaluateAsync<bool>("'owned' in window")).ShouldBeFalse();
        (await page.GetByTestId("message-list").Locator("script, img, b, i").CountAsync()).ShouldBe(0);
        errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task TappingAButtonSendsItsReply()
    {
        await OpenAsync();
        var question = await sandbox.SendAsync("interactive", new
        {
            type = "button",
            body = new { text = "When?" },
            action = new { buttons = new[] { Reply("am", "Morning"), Reply("pm", "Afternoon") } },
        });
        await Bubble(question.Wamid).GetByTestId("choice").Filter(new LocatorFilterOptions { HasText = "Afternoon" }).ClickAsync();

        var reply = await InboundAsync("interactive");
        reply.GetProperty("interactive").GetProperty("type").GetString().ShouldBe("button_reply");
        reply.GetProperty("interactive").GetProperty("button_reply").GetProperty("id").GetString().ShouldBe("pm");
        reply.GetProperty("context").GetProperty("id").GetString().ShouldBe(question.Wamid);
        reply.GetProperty("context").GetProperty("from").GetString().ShouldBe("15550100001");

        static object Reply(string id, string title) => new { type = "reply", reply = new { id, title } };
    }

    [Fact]
    public async Task TappingARowOfAListSendsIt()
    {
        await OpenAsync();
        var list = await sandbox.SendAsync("interactive", new
        {
            type = "list",
            body = new { text = "Which day?" },
            action = new { button = "Days", sections = new[] { new { title = "This week", rows = new[] { new { id = "thu", title = "Thursday", description = "the 26th" } } } } },
        });
        await Bubble(list.Wamid).GetByTestId("choice").ClickAsync();
        await page.GetByTestId("list-row").ClickAsync();

        var row = (await InboundAsync("interactive")).GetProperty("interactive").GetProperty("list_reply");
        (row.GetProperty("id").GetString(), row.GetProperty("title").GetString(), row.GetProperty("description").GetString()).ShouldBe(("thu", "Thursday", "the 26th"));
        await Expect(page.GetByTestId("list-sheet")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task TappingAQuickReplyOfATemplateSendsItsPayload()
    {
        await OpenAsync();
        var sent = await sandbox.SendAsync("template", new
        {
            name = "order_update",
            language = new { code = "en_US" },
            components = new object[]
            {
                new { type = "body", parameters = new[] { new { type = "text", text = "Ada" }, new { type = "text", text = "A-1" }, new { type = "text", text = "here" } } },
                new { type = "button", sub_type = "quick_reply", index = "1", parameters = new[] { new { type = "payload", payload = "STOP_A-1" } } },
            },
        });
        await Expect(Bubble(sent.Wamid).GetByTestId("bubble-text")).ToHaveTextAsync("Hi Ada, your order A-1 is here.");
        await Bubble(sent.Wamid).GetByTestId("choice").Nth(1).ClickAsync();

        var button = (await InboundAsync("button")).GetProperty("button");
        button.GetProperty("payload").GetString().ShouldBe("STOP_A-1");
        button.GetProperty("text").GetString().ShouldBe("Stop updates");
    }

    [Fact]
    public async Task OpeningTheChatReadsItWhenCustomersDoNotReadByThemselves()
    {
        await sandbox.ChangeAsync(new SandboxSettings { AutoRead = false });
        var before = await sandbox.SendTextAsync("Unread");
        (await sandbox.Receiver.StatusesAsync(before.Wamid, 2)).Select(status => status.GetProperty("status").GetString()).ShouldBe(["sent", "delivered"]);

        await OpenAsync();
        (await sandbox.Receiver.StatusesAsync(before.Wamid, 3))[2].GetProperty("status").GetString().ShouldBe("read");
        var while_open = await sandbox.SendTextAsync("Read at once");
        (await sandbox.Receiver.StatusesAsync(while_open.Wamid, 3))[2].GetProperty("status").GetString().ShouldBe("read");
        await Expect(Bubble(while_open.Wamid)).ToHaveAttributeAsync("data-status", "read");
    }

    [Fact]
    public async Task TheBusinessTypesUntilItAnswers()
    {
        await OpenAsync();
        var question = await sandbox.InboundAsync(new InboundOrder { Text = "Anybody there?" });
        await Expect(Bubble(question)).ToHaveAttributeAsync("data-status", "delivered");
        await sandbox.SendAsync(new { messaging_product = "whatsapp", status = "read", message_id = question, typing_indicator = new { type = "text" } });

        await Expect(page.GetByTestId("typing")).ToBeVisibleAsync();
        await Expect(Bubble(question)).ToHaveAttributeAsync("data-status", "read");
        await sandbox.SendTextAsync("Yes");
        await Expect(page.GetByTestId("typing")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task AFileGoesToTheServer()
    {
        await OpenAsync();
        await page.GetByTestId("file-input").SetInputFilesAsync(new FilePayload { Name = "note.txt", MimeType = "text/plain", Buffer = "hello"u8.ToArray() });

        var document = (await InboundAsync("document")).GetProperty("document");
        document.GetProperty("filename").GetString().ShouldBe("note.txt");
        var url = (await sandbox.GetAsync($"/v25.0/{document.GetProperty("id").GetString()}")).Json.GetProperty("url").GetString();
        (await sandbox.Http.GetStringAsync(url)).ShouldBe("hello");
        await Expect(page.GetByTestId("bubble-file")).ToContainTextAsync("note.txt");
    }

    [Fact]
    public async Task OnAPhonesWidthTheListSlidesInAndAnotherCustomerCanBeAdded()
    {
        await page.SetViewportSizeAsync(390, 844);
        await OpenAsync();
        (await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= 390")).ShouldBeTrue();
        await Expect(page.GetByTestId("customer-list")).ToBeHiddenAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Choose number and customer" }).ClickAsync();
        await page.GetByTestId("add-customer").ClickAsync();
        await page.GetByTestId("customer-name").FillAsync("Grace");
        await page.GetByTestId("customer-number").FillAsync("+49 171 5550123");
        await page.GetByTestId("customer-save").ClickAsync();

        await Expect(page.GetByTestId("message-input")).ToHaveAttributeAsync("placeholder", "Message as Grace");
        await Expect(page.GetByTestId("window-state")).ToHaveAttributeAsync("data-state", "closed");
        await page.GetByTestId("message-input").FillAsync("Hello");
        await page.Keyboard.PressAsync("Enter");
        (await InboundAsync("text")).GetProperty("from").GetString().ShouldBe("491715550123");
        await Expect(page.GetByTestId("window-state")).ToHaveAttributeAsync("data-state", "open");
        errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task AResetEmptiesThePage()
    {
        await OpenAsync();
        await sandbox.SendTextAsync("Soon gone");
        await Expect(page.GetByTestId("bubble")).ToHaveCountAsync(1);
        await sandbox.ResetAsync();
        await Expect(page.GetByTestId("bubble")).ToHaveCountAsync(0);
        await Expect(page.GetByTestId("empty-state")).ToBeVisibleAsync();
    }

    private async Task OpenAsync()
    {
        await page.GotoAsync(sandbox.Address.ToString());
        await Expect(page.GetByTestId("connection")).ToHaveTextAsync("live");
    }

    private ILocator Bubble(string wamid) => page.Locator($"[data-testid=bubble][data-message-id='{wamid}']");

    private async Task<System.Text.Json.JsonElement> InboundAsync(string type)
    {
        var all = await sandbox.Receiver.WaitForAsync(received => received.SelectMany(webhook => webhook.Messages).Any(IsIt));
        return all.SelectMany(webhook => webhook.Messages).First(IsIt);

        bool IsIt(System.Text.Json.JsonElement message) => message.GetProperty("type").GetString() == type;
    }

    /// <summary>The distribution's Chromium, once for all tests of the page.</summary>
    public sealed class Browser : IAsyncLifetime
    {
        private IPlaywright playwright = null!;

        public IBrowser Instance { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            playwright = await Playwright.CreateAsync();
            Instance = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = "/usr/bin/chromium",
                Args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
            });
        }

        public async Task DisposeAsync()
        {
            await Instance.CloseAsync();
            playwright.Dispose();
        }
    }
}
