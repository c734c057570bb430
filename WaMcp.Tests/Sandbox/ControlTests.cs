using System.Net;
using WaMcp.Sandbox.Control;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Sandbox;

public sealed class ControlTests(SandboxHost sandbox) : SandboxTests(sandbox)
{
    [Fact]
    public async Task RecordsEveryGraphRequest()
    {
        var sent = await Sandbox.SendTextAsync("Recorded");
        await Sandbox.SendTextAsync("", number: SandboxHost.Sales);
        await Sandbox.GetAsync($"/v21.0/{SandboxHost.Account}/phone_numbers");

        var all = await Sandbox.RequestsAsync();
        all.Select(request => request.Sequence).ShouldBeInOrder();
        all.Select(request => request.Status).ShouldBe([200, 400, 200]);
        var first = all[0];
        first.Method.ShouldBe("POST");
        first.Path.ShouldBe($"/v25.0/{SandboxHost.Support}/messages");
        first.PhoneNumberId.ShouldBe(SandboxHost.Support);
        first.Wamid.ShouldBe(sent.Wamid);
        first.Body!.Value.GetProperty("text").GetProperty("body").GetString().ShouldBe("Recorded");
        (await Sandbox.RequestsAsync($"?phoneNumberId={SandboxHost.Sales}")).Single().Status.ShouldBe(400);
        (await Sandbox.RequestsAsync("?path=phone_numbers")).Single().Method.ShouldBe("GET");
        (await Sandbox.RequestsAsync($"?after={first.Sequence}&limit=1")).Single().Sequence.ShouldBe(all[1].Sequence);
        (await Sandbox.DeleteAsync("/control/requests")).Status.ShouldBe(HttpStatusCode.OK);
        (await Sandbox.RequestsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task SettingsChangeOneByOneAndComeBackOnReset()
    {
        var changed = (await PutAsync("""{"webhookDelayMs":5,"autoRead":false}""")).Json;
        changed.GetProperty("webhookDelayMs").GetDouble().ShouldBe(5);
        changed.GetProperty("enforceWindow").GetBoolean().ShouldBeTrue();
        (await PutAsync("""{"duplicates":1}""")).Json.GetProperty("autoRead").GetBoolean().ShouldBeFalse();
        await Sandbox.ResetAsync();
        var settings = (await Sandbox.StateAsync()).Settings;
        settings.AutoRead.ShouldBe(true);
        settings.Duplicates.ShouldBe(0);
        settings.CallbackUrl.ShouldBe(Sandbox.Receiver.Url);
    }

    [Theory]
    [InlineData("""{"autoread":false}""", HttpStatusCode.OK, "")]
    [InlineData("""{"autoReed":false}""", HttpStatusCode.BadRequest, "'autoReed'")]
    [InlineData("""{"statuses":["seen"]}""", HttpStatusCode.BadRequest, "'seen'")]
    [InlineData("""{"duplicates":-1}""", HttpStatusCode.BadRequest, "duplicates")]
    [InlineData("""{"webhookDelayMs":-1}""", HttpStatusCode.BadRequest, "webhookDelayMs")]
    [InlineData("""{"refusals":"never"}""", HttpStatusCode.BadRequest, "refusals")]
    [InlineData("""{"callbackUrl":"ftp://x"}""", HttpStatusCode.BadRequest, "callbackUrl")]
    public async Task SettingsNameWhatIsWrong(string change, HttpStatusCode status, string name)
    {
        var answer = await PutAsync(change);
        answer.Status.ShouldBe(status);
        answer.Json.ToString().ShouldContain(name);
    }

    [Fact]
    public async Task AccountAndNumberCanBeRead()
    {
        var number = (await Sandbox.GetAsync($"/v25.0/{SandboxHost.Support}")).Json;
        number.GetProperty("display_phone_number").GetString().ShouldBe("+1 555 010 0001");
        number.GetProperty("verified_name").GetString().ShouldBe("Sandbox Support");
        var some = (await Sandbox.GetAsync($"/v25.0/{SandboxHost.Support}?fields=status,name_status")).Json;
        some.EnumerateObject().Select(field => field.Name).ShouldBe(["status", "name_status", "id"]);
        (await Sandbox.GetAsync($"/v25.0/{SandboxHost.Support}?fields=nonsense")).Code.ShouldBe(100);
        (await Sandbox.GetAsync($"/v25.0/{SandboxHost.Account}/phone_numbers")).Json.GetProperty("data").GetArrayLength().ShouldBe(2);
        (await Sandbox.GetAsync($"/v25.0/{SandboxHost.Account}?fields=name,currency")).Json.GetProperty("name").GetString().ShouldBe("Sandbox");
        (await Sandbox.GetAsync("/v25.0/123")).Error.GetProperty("error_subcode").GetInt32().ShouldBe(33);
        (await Sandbox.GetAsync("/v25.0/a/b/c")).Code.ShouldBe(2500);
    }

    [Fact]
    public async Task RegisteringAsksForTheSamePinAgain()
    {
        var path = $"/v25.0/{SandboxHost.Support}/register";
        (await Sandbox.PostAsync(path, new { messaging_product = "whatsapp", pin = "12345" })).Code.ShouldBe(100);
        (await Sandbox.PostAsync(path, new { messaging_product = "whatsapp", pin = "123456" })).Json.GetProperty("success").GetBoolean().ShouldBeTrue();
        (await Sandbox.PostAsync(path, new { messaging_product = "whatsapp", pin = "654321" })).Code.ShouldBe(133005);
    }

    [Fact]
    public async Task AnAppThatUnsubscribesIsToldNothing()
    {
        var apps = $"/v25.0/{SandboxHost.Account}/subscribed_apps";
        (await Sandbox.GetAsync(apps)).Json.GetProperty("data").GetArrayLength().ShouldBe(1);
        await Sandbox.DeleteAsync(apps);
        (await Sandbox.GetAsync(apps)).Json.GetProperty("data").GetArrayLength().ShouldBe(0);
        await Sandbox.InboundAsync(new InboundOrder { Text = "Unheard" });
        await Eventually.GetAsync("no webhook waits", Sandbox.StateAsync, state => state.Webhooks.Pending == 0);
        (await Sandbox.PostAsync(apps, new { })).Json.GetProperty("success").GetBoolean().ShouldBeTrue();
        var heard = await Sandbox.InboundAsync(new InboundOrder { Text = "Heard" });

        await Sandbox.Receiver.MessageAsync(heard);
        Sandbox.Receiver.Received.SelectMany(webhook => webhook.Messages).Count().ShouldBe(1);
    }

    [Fact]
    public async Task AnotherSitesPageMayNotSteerIt()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/control/reset");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        (await Sandbox.Http.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private async Task<SandboxAnswer> PutAsync(string change)
    {
        using var content = new StringContent(change, System.Text.Encoding.UTF8, "application/json");
        return await SandboxHost.ReadAsync(await Sandbox.Http.PutAsync("/control/whatsapp/settings", content));
    }
}
