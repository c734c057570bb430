using System.Net;
using WaMcp.Sandbox.Control;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Sandbox;

/// <summary>The 24-hour customer service window.</summary>
public sealed class WindowTests : IAsyncLifetime
{
    private const string Stranger = "491715550123";
    private readonly ShiftedClock clock = new();
    private readonly SandboxHost sandbox;

    public WindowTests() => sandbox = new SandboxHost { Clock = clock };

    public Task InitializeAsync() => sandbox.InitializeAsync();

    public Task DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task AdaIsReachableRightAfterAFreshStartAndADayLaterIsNot()
    {
        (await sandbox.SendTextAsync("Hello Ada")).Status.ShouldBe(HttpStatusCode.OK);
        (await sandbox.SendTextAsync("Hello Ada", number: SandboxHost.Sales)).Status.ShouldBe(HttpStatusCode.OK);

        clock.Advance(TimeSpan.FromHours(24));
        var late = await sandbox.SendTextAsync("Still there?");
        late.Status.ShouldBe(HttpStatusCode.BadRequest);
        late.Code.ShouldBe(131047);
        late.Details.ShouldBe("More than 24 hours have passed since the customer last replied to this number.");
    }

    [Fact]
    public async Task WritingOpensTheWindowOfThatNumberOnly()
    {
        (await sandbox.SendTextAsync("Hello", Stranger)).Code.ShouldBe(131047);
        await sandbox.InboundAsync(new InboundOrder { From = Stranger });

        (await sandbox.SendTextAsync("Hello", Stranger)).Status.ShouldBe(HttpStatusCode.OK);
        (await sandbox.SendTextAsync("Hello", Stranger, SandboxHost.Sales)).Code.ShouldBe(131047);
        clock.Advance(TimeSpan.FromHours(23));
        await sandbox.InboundAsync(new InboundOrder { From = Stranger });
        clock.Advance(TimeSpan.FromHours(23));
        (await sandbox.SendTextAsync("Hello", Stranger)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task TemplatesNeedNoWindow() =>
        (await sandbox.SendAsync("template", new { name = "hello_world", language = new { code = "en_US" } }, Stranger)).Status.ShouldBe(HttpStatusCode.OK);

    [Fact]
    public async Task TheRuleCanBeSwitchedOff()
    {
        await sandbox.ChangeAsync(new SandboxSettings { EnforceWindow = false });
        (await sandbox.SendTextAsync("Hello", Stranger)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task ATestMayCloseAndOpenItByHand()
    {
        await sandbox.CustomerAsync(new CustomerOrder { WaId = SandboxHost.Ada, WindowOpen = false });
        (await sandbox.SendTextAsync("Hello")).Code.ShouldBe(131047);
        await sandbox.CustomerAsync(new CustomerOrder { WaId = SandboxHost.Ada, WindowOpen = true });
        (await sandbox.SendTextAsync("Hello")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task TheRefusalMayComeAsAFailedStatus()
    {
        await sandbox.ChangeAsync(new SandboxSettings { Refusals = "webhook" });
        var answer = await sandbox.SendAsync(new
        {
            messaging_product = "whatsapp",
            to = Stranger,
            type = "text",
            text = new { body = "Hello" },
            biz_opaque_callback_data = "msg_7",
        });

        answer.Status.ShouldBe(HttpStatusCode.OK);
        var status = (await sandbox.Receiver.StatusesAsync(answer.Wamid, 1)).Single();
        status.GetProperty("status").GetString().ShouldBe("failed");
        status.GetProperty("errors")[0].GetProperty("code").GetInt32().ShouldBe(131047);
        status.GetProperty("biz_opaque_callback_data").GetString().ShouldBe("msg_7");
        sandbox.Receiver.Received.SelectMany(webhook => webhook.Values).ShouldAllBe(value => !HasContacts(value));
    }

    [Fact]
    public async Task AnUnreachableCustomerIsUndeliverable()
    {
        await sandbox.CustomerAsync(new CustomerOrder { WaId = Stranger, Reachable = false, WindowOpen = true });
        (await sandbox.SendTextAsync("Hello", Stranger)).Code.ShouldBe(131026);
    }

    private static bool HasContacts(System.Text.Json.JsonElement value) => value.TryGetProperty("contacts", out _);
}
