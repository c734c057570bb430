using System.Text.Json.Nodes;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

[Collection(SharedSystemTests.Name)]
public sealed class WaitTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task WhoWaitsGetsTheProvidersAnswer()
    {
        var talks = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Talk.OpenAsync(system)));
        await system.Sandbox.FaultAsync(new JsonObject { ["match"] = new JsonObject { ["to"] = talks[0].Phone }, ["mode"] = "error", ["code"] = 131047 });

        var answers = await Task.WhenAll(talks.Select(talk => talk.SendAsync("send_message", new { text = "wait", waitSeconds = 30 })));

        answers.Skip(1).ShouldAllBe(answer => new[] { "sent", "delivered", "read" }.Contains(answer.GetProperty("state").GetString()));
        answers[0].GetProperty("state").GetString().ShouldBe("failed");
        var error = answers[0].GetProperty("error");
        error.GetProperty("reason").GetString().ShouldBe("window_closed:131047");
        error.GetProperty("nextAction").GetString()!.ShouldContain("hello_world");
        var read = await talks[0].Mcp.ResultAsync("get_message", new { messageId = answers[0].GetProperty("messageId").GetString() });
        read.GetProperty("error").GetProperty("nextAction").GetString()!.ShouldContain("hello_world");
    }

    [Fact]
    public async Task WhoWaitsInVainGetsTheStateThatIs()
    {
        var talk = await Talk.OpenAsync(system);
        await system.Sandbox.FaultAsync(new JsonObject { ["match"] = new JsonObject { ["to"] = talk.Phone }, ["mode"] = "error", ["code"] = 130429 });
        var answer = await talk.SendAsync("send_message", new { text = "wait", waitSeconds = 1 });
        answer.GetProperty("state").GetString().ShouldBeOneOf("queued", "sending");
        await MessageTests.StateAsync(talk.Mcp, answer.GetProperty("messageId").GetString()!, "read");
    }

    [Fact]
    public async Task NobodyHoldsAConnectionWhileWaiting()
    {
        await using var own = await WaMcpSystem.StartAsync();
        var talk = await Talk.BeginAsync(own);
        await own.QueryAsync<object>("UPDATE channels SET stopped_at = now(), stopped_reason = 'test'");
        var waiting = Enumerable.Range(0, 40).Select(i => talk.SendAsync("send_message", new { to = $"+1555{2_000_000 + i}", text = "wait", waitSeconds = 30 })).ToList();
        await Eventually.TrueAsync("all are accepted", async () => await own.QueryAsync<long>("SELECT count(*) FROM messages") == 40);

        (await own.QueryAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'")).ShouldBe(0);
        await talk.Mcp.ResultAsync("list_channels");
        await own.QueryAsync<object>("UPDATE messages SET state = 'Sent'");
        (await Task.WhenAll(waiting)).ShouldAllBe(answer => answer.GetProperty("state").GetString() == "sent");
    }
}
