using System.Net;
using System.Text.Json;
using WaMcp.Sandbox.Control;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Sandbox;

public sealed class FaultTests(SandboxHost sandbox) : SandboxTests(sandbox)
{
    [Fact]
    public async Task AnErrorOnDemandHasItsCodesOwnStatus()
    {
        await Sandbox.FaultAsync(new FaultOrder { Code = 131056, Count = 2 });

        foreach (var _ in Enumerable.Range(0, 2))
        {
            var answer = await Sandbox.SendTextAsync("x");
            answer.Status.ShouldBe(HttpStatusCode.BadRequest);
            answer.Code.ShouldBe(131056);
        }

        (await Sandbox.SendTextAsync("x")).Status.ShouldBe(HttpStatusCode.OK);
        await Sandbox.FaultAsync(new FaultOrder { Code = 2 });
        (await Sandbox.SendTextAsync("x")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        await Sandbox.FaultAsync(new FaultOrder { HttpStatus = 502, Details = "Bad gateway" });
        var unknown = await Sandbox.SendTextAsync("x");
        unknown.Status.ShouldBe(HttpStatusCode.BadGateway);
        unknown.Code.ShouldBe(131000);
        unknown.Details.ShouldBe("Bad gateway");
    }

    [Fact]
    public async Task MeetsOnlyWhatItMatches()
    {
        await Sandbox.FaultAsync(new FaultOrder { Code = 130429, Match = new FaultMatch { PhoneNumberId = SandboxHost.Sales }, Count = 0 });
        await Sandbox.FaultAsync(new FaultOrder { Code = 131048, Match = new FaultMatch { To = "+15550100100", PhoneNumberId = SandboxHost.Support } });
        await Sandbox.FaultAsync(new FaultOrder { Code = 4, Match = new FaultMatch { Path = "/message_templates", Method = "GET" } });

        (await Sandbox.SendTextAsync("x", number: SandboxHost.Sales)).Code.ShouldBe(130429);
        (await Sandbox.SendTextAsync("x", number: SandboxHost.Sales)).Code.ShouldBe(130429);
        (await Sandbox.SendAsync("template", new { name = "hello_world", language = new { code = "en_US" } }, "491715550123")).Status.ShouldBe(HttpStatusCode.OK);
        (await Sandbox.SendTextAsync("x")).Code.ShouldBe(131048);
        (await Sandbox.SendTextAsync("x")).Status.ShouldBe(HttpStatusCode.OK);
        (await Sandbox.GetAsync($"/v25.0/{SandboxHost.Account}/message_templates")).Code.ShouldBe(4);
    }

    [Fact]
    public async Task DropBeforeCutsAndAcceptsNothing()
    {
        await Sandbox.FaultAsync(new FaultOrder { Mode = "drop_before" });
        await Should.ThrowAsync<HttpRequestException>(() => Sandbox.SendTextAsync("Lost"));

        (await Sandbox.ChatAsync()).ShouldBeEmpty();
        var request = (await Sandbox.RequestsAsync("?path=/messages")).Single();
        request.Status.ShouldBeNull();
        request.Wamid.ShouldBeNull();
        request.Fault.ShouldBe("drop_before");
    }

    [Fact]
    public async Task DropAfterCutsButTheMessageIsAcceptedAndItsStatusesCome()
    {
        await Sandbox.FaultAsync(new FaultOrder { Mode = "drop_after" });
        await Should.ThrowAsync<HttpRequestException>(() => Sandbox.SendAsync(new
        {
            messaging_product = "whatsapp",
            to = SandboxHost.Ada,
            type = "text",
            text = new { body = "Nobody knows" },
            biz_opaque_callback_data = "msg_unknown",
        }));

        var request = (await Sandbox.RequestsAsync("?path=/messages")).Single();
        request.Status.ShouldBeNull();
        var statuses = await Sandbox.Receiver.StatusesAsync(request.Wamid!, 3);
        statuses.ShouldAllBe(status => status.GetProperty("biz_opaque_callback_data").GetString() == "msg_unknown");
    }

    [Fact]
    public async Task GarbageWith200IsAcceptedAndUnreadable()
    {
        await Sandbox.FaultAsync(new FaultOrder { Mode = "garbage" });
        using var answer = await PostAsync();

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        Should.Throw<JsonException>(() => JsonDocument.Parse(answer.Content.ReadAsStringAsync().Result));
        await Sandbox.Receiver.StatusesAsync((await Sandbox.RequestsAsync()).Single().Wamid!, 3);
    }

    [Fact]
    public async Task GarbageOfABrokenProxyIsNotAccepted()
    {
        await Sandbox.FaultAsync(new FaultOrder { Mode = "garbage", HttpStatus = 502 });
        using var answer = await PostAsync();

        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        (await Sandbox.ChatAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task RetryAfterTellsHowLong()
    {
        await Sandbox.FaultAsync(new FaultOrder { Mode = "retry_after", DelayMs = 2_500 });
        var answer = await Sandbox.SendTextAsync("x");

        answer.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(3));
        answer.Code.ShouldBe(130429);
    }

    [Fact]
    public async Task HangHangsUntilTheCallerGivesUp()
    {
        await Sandbox.FaultAsync(new FaultOrder { Mode = "hang" });
        using var patience = new CancellationTokenSource();
        var hanging = PostAsync(patience.Token);
        await Eventually.GetAsync("the request hangs", () => Sandbox.RequestsAsync(), requests => requests is [{ Fault: "hang" }]);
        var other = await Sandbox.SendTextAsync("Others are answered meanwhile");
        await Sandbox.Receiver.StatusesAsync(other.Wamid, 3);

        hanging.IsCompleted.ShouldBeFalse();
        await patience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => hanging);
        (await Sandbox.ChatAsync()).Select(bubble => bubble.Id).ShouldBe([other.Wamid]);
    }

    [Fact]
    public async Task AHangWithADelayEndsInACutConnection()
    {
        await Sandbox.FaultAsync(new FaultOrder { Mode = "hang", DelayMs = 20 });
        await Should.ThrowAsync<HttpRequestException>(() => Sandbox.SendTextAsync("x"));
    }

    [Fact]
    public async Task FaultsAreListedAndTakenBack()
    {
        await Sandbox.FaultAsync(new FaultOrder { Code = 1, Count = 5 });
        await Sandbox.FaultAsync(new FaultOrder { Code = 2, Count = 0 });
        var listed = (await Sandbox.GetAsync("/control/whatsapp/faults")).Json;
        listed.EnumerateArray().Select(fault => fault.GetProperty("left").GetInt32()).ShouldBe([5, 0]);
        (await Sandbox.DeleteAsync($"/control/whatsapp/faults/{listed[0].GetProperty("id").GetInt32()}")).Status.ShouldBe(HttpStatusCode.NoContent);
        (await Sandbox.SendTextAsync("x")).Code.ShouldBe(2);
        (await Sandbox.DeleteAsync("/control/whatsapp/faults")).Status.ShouldBe(HttpStatusCode.OK);
        (await Sandbox.SendTextAsync("x")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{"mode":"explode"}""", "mode 'explode' is not one of")]
    [InlineData("""{"count":-1}""", "count must be 1 or more")]
    [InlineData("""{"cod":1}""", "'cod'")]
    public async Task AMisspeltFaultIsRefusedWithItsName(string fault, string sentence)
    {
        var answer = await Sandbox.PostAsync("/control/whatsapp/faults", JsonElement.Parse(fault));
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Json.GetProperty("detail").GetString()!.ShouldContain(sentence);
    }

    private Task<HttpResponseMessage> PostAsync(CancellationToken cancellationToken = default) => Sandbox.Http.PostAsync(
        $"/v25.0/{SandboxHost.Support}/messages",
        new StringContent("""{"messaging_product":"whatsapp","to":"15550100100","type":"text","text":{"body":"x"}}""", System.Text.Encoding.UTF8, "application/json"),
        cancellationToken);
}
