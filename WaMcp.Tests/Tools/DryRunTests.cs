using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

[Collection(SharedSystemTests.Name)]
public sealed class DryRunTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task ADryRunShowsTheProvidersDocumentAndWritesNothingButItsAuditRow()
    {
        var talk = await Talk.BeginAsync(system, dailyCap: 5, daily: 9);
        var before = await talk.RowsAsync();

        var answer = await talk.SendAsync("send_interactive", new { text = "Well?", buttons = new[] { new { id = "y", title = "Yes" } }, dryRun = true, idempotencyKey = "dry", waitSeconds = 3 });

        answer.TryGetProperty("messageId", out _).ShouldBeFalse();
        answer.GetProperty("category").GetString().ShouldBe("service");
        answer.GetProperty("window").GetProperty("state").GetString().ShouldBe("unknown");
        var dry = answer.GetProperty("dryRun");
        dry.GetProperty("allowed").GetBoolean().ShouldBeTrue(answer.ToString());
        dry.GetProperty("refusals").GetArrayLength().ShouldBe(0);
        dry.GetProperty("keyCap").GetProperty("left").GetInt32().ShouldBe(9);
        dry.GetProperty("channelCap").GetProperty("left").GetInt32().ShouldBe(5);
        var document = dry.GetProperty("wouldSend");
        document.GetProperty("to").GetString().ShouldBe($"+{talk.Phone}");
        MetaContract.FaultsOfMessage(document).ShouldBeEmpty();
        (await talk.RowsAsync()).ShouldBe(before);
        (await system.AuditAsync(talk.Client.Client.Id, "tool_called"))
            .Except(["client_created", "grant_added", "key_minted", "key_used", "webhook_processed"]).ShouldBe(["tool_called"]); // others write to the number too
        (await system.Sandbox.SendsToAsync(talk.Phone)).ShouldBeEmpty("nothing went out");
    }

    [Fact]
    public async Task ADryRunNamesEveryReasonThatStandsAgainstIt()
    {
        await using var own = await WaMcpSystem.StartAsync();
        var talk = await Talk.BeginAsync(own, dailyCap: 1);
        await talk.HearAsync();
        await MessageTests.StateAsync(talk.Mcp, (await talk.SendAsync("send_message", new { text = "first" })).GetProperty("messageId").GetString()!, "read");
        await talk.LetPassAsync(TimeSpan.FromHours(25));
        await own.QueryAsync<object>("UPDATE channels SET stopped_at = now(), stopped_reason = 'policy_blocked:368'");

        var dry = (await talk.SendAsync("send_message", new { text = "second", dryRun = true })).GetProperty("dryRun");

        dry.GetProperty("allowed").GetBoolean().ShouldBeFalse();
        var refusals = dry.GetProperty("refusals").EnumerateArray().ToDictionary(refusal => refusal.GetProperty("reason").GetString()!);
        refusals.Keys.ShouldBe(["window_closed", "channel_stopped", "daily_cap"], ignoreOrder: true);
        refusals["window_closed"].GetProperty("nextAction").GetString()!.ShouldContain("hello_world");
        refusals["daily_cap"].GetProperty("retryAt").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddHours(22));
        dry.GetProperty("channelCap").GetProperty("left").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task BadInputIsRefusedInADryRunAsOtherwise()
    {
        var talk = await Talk.BeginAsync(system);
        var answer = await talk.TryAsync("send_message", new { text = new string('x', 4097), dryRun = true });
        answer.Reason.ShouldBe("invalid_input");
        answer.Structured.GetProperty("message").GetString()!.ShouldContain("4096");
    }
}
