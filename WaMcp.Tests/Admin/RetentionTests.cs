using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Admin;

public sealed class RetentionTests
{
    [Fact]
    public async Task AClientsPeriodIsSetShownAndTakenBack()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        (await console.DoAsync("clients", "list"))[0].GetProperty("retentionDays").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);

        (await console.DoAsync("clients", "retention", "acme", "--days", "30")).GetProperty("retentionDays").GetInt32().ShouldBe(30);
        (await console.RunAsync("clients", "list")).Lines[1].ShouldEndWith("  30d");
        await console.DoAsync("clients", "retention", "acme", "--default");
        (await console.RunAsync("clients", "list")).Lines[1].ShouldEndWith("  -");

        (await console.Database.ReadAsync<string>("SELECT coalesce(metadata->>'before', '-') || ' > ' || coalesce(metadata->>'days', '-') FROM audit_log WHERE action = 'client_retention_set' ORDER BY id"))
            .ShouldBe(["- > 30", "30 > -"]);
    }

    [Theory]
    [InlineData("--days", "6")]
    [InlineData("--days", "36501")]
    [InlineData("--days", "-1")]
    [InlineData("--days", "soon")]
    [InlineData("--days", "30", "--default")]
    [InlineData]
    public async Task APeriodThatCannotBePromisedIsRefused(params string[] options)
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        (await console.RunAsync(["clients", "retention", "acme", .. options])).ShouldFail(2, "--days:");
    }

    [Fact]
    public async Task AnOperatorSeesWhenADutyLastRanAndHasItRunNow()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var console = AdminConsole.Of(system);
        await Eventually.TrueAsync("the duties are noted", async () => await system.QueryAsync<long>("SELECT count(*) FROM duties") > 0);
        (await console.RunAsync("retention", "status")).Out.ShouldContain("never ran");

        var run = await console.RunAsync("retention", "run", "prune-messages");

        run.ExitCode.ShouldBe(0, run.Err);
        run.Lines[1].ShouldMatch("^prune-messages  done .*0 counters, 0 messages, 0 deliveries$");
        var shown = (await console.DoAsync("retention", "status")).EnumerateArray().Single(duty => duty.GetProperty("name").GetString() == "prune-messages");
        shown.GetProperty("state").GetString().ShouldBe("done");
        shown.GetProperty("dueAt").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow);
        shown.GetProperty("counts").GetProperty("messages").GetInt64().ShouldBe(0);
        (await console.Database.ReadAsync<string>("SELECT metadata->>'duty' FROM audit_log WHERE action IN ('duty_requested', 'messages_pruned') ORDER BY id"))
            .ShouldBe(["prune-messages", "prune-messages"]);
    }

    [Fact]
    public async Task AFailedRunIsToldAsAFailure()
    {
        await using var system = await WaMcpSystem.StartAsync();
        await system.Database.ReadAsync<object>("REVOKE DELETE ON rate_limit_buckets FROM wa_app");
        await Eventually.TrueAsync("the duties are noted", async () => await system.QueryAsync<long>("SELECT count(*) FROM duties") > 0);
        var console = AdminConsole.Of(system);

        var run = await console.RunAsync("retention", "run", "prune-messages");

        run.ExitCode.ShouldBe(1);
        run.Err.ShouldContain("prune-messages failed: PostgresException");
        (await console.RunAsync("retention", "status")).Out.ShouldContain("failed");
    }
}
