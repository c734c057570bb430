using System.Text.Json.Nodes;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Tools;

[Collection(SharedSystemTests.Name)]
public sealed class UsageAndReadTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task UsageSaysWhatIsLeftAndWhatWasSent()
    {
        var talk = await Talk.OpenAsync(system, dailyCap: 3, daily: 10);
        var other = await Talk.BeginAsync(system);
        var sent = new List<string>();
        foreach (var (tool, arguments) in new (string, object)[]
        {
            ("send_message", new { text = "one" }), ("send_message", new { text = "two" }), ("send_template", new { name = "hello_world" }), ("send_message", new { text = "over the cap" }),
        })
        {
            sent.Add((await talk.SendAsync(tool, arguments)).GetProperty("messageId").GetString()!);
        }

        await other.SendAsync("send_message", new { text = "of another client" });
        foreach (var id in sent.Take(3))
        {
            await MessageTests.StateAsync(talk.Mcp, id, "read");
        }

        await MessageTests.StateAsync(talk.Mcp, sent[3], "failed");

        var usage = await talk.Mcp.ResultAsync("get_usage");

        var minute = usage.GetProperty("perMinute");
        minute.GetProperty("limit").GetInt32().ShouldBe(100_000);
        minute.GetProperty("remaining").GetInt32().ShouldBeInRange(90_000, 99_999);
        usage.GetProperty("keyCap").GetProperty("used").GetInt32().ShouldBe(3);
        var channel = usage.GetProperty("channels").EnumerateArray().ShouldHaveSingleItem();
        var cap = channel.GetProperty("cap");
        cap.GetProperty("left").GetInt32().ShouldBe(0);
        cap.GetProperty("nextFreeAt").GetDateTimeOffset().ShouldBeInRange(DateTimeOffset.UtcNow.AddHours(22), DateTimeOffset.UtcNow.AddHours(25));
        foreach (var period in new[] { "last24Hours", "last30Days" })
        {
            channel.GetProperty(period).EnumerateArray().Select(line => $"{line.GetProperty("category")} {line.GetProperty("sent")}")
                .ShouldBe(["service 2", "utility 1"], ignoreOrder: true);
        }

        await system.QueryAsync<object>(
            "UPDATE messages SET pricing_category = 'marketing_lite', billable = true WHERE client_id = $1 AND (category = 'Utility' OR state = 'Failed')",
            talk.Client.Client.Id.Value);
        (await talk.Mcp.ResultAsync("get_usage")).GetProperty("channels")[0].GetProperty("last24Hours").EnumerateArray()
            .Select(line => $"{line.GetProperty("category")} {line.GetProperty("sent")} {line.GetProperty("billable")}")
            .ShouldContain("marketing 1 2", "what counts is what the bill says");
    }

    [Fact]
    public async Task AMessageIsMarkedAsReadAtOnce()
    {
        var talk = await Talk.BeginAsync(system);
        var heard = await talk.HearAsync();

        var marked = await talk.TryAsync("mark_read", new { messageId = heard, typing = true });

        marked.IsError.ShouldBeFalse(marked.ToString());
        var requests = await system.Sandbox.SendsToAsync("typing_indicator");
        requests.ShouldContain(request => request.GetProperty("status").GetInt32() == 200);
        var sent = await talk.SendAsync("send_message", new { text = "hi" });
        var own = sent.GetProperty("messageId").GetString()!;
        await MessageTests.StateAsync(talk.Mcp, own, "read");
        (await talk.TryAsync("mark_read", new { messageId = own })).Structured.GetProperty("field").GetString().ShouldBe("messageId");
    }

    [Theory]
    [InlineData(131009, "provider_refused")]
    [InlineData(130429, "unavailable")]
    [InlineData(190, "provider_refused")]
    public async Task WhatThePersonDoesNotSeeIsReadAllTheSameAndToldPlainly(int code, string reason)
    {
        await using var own = await WaMcpSystem.StartAsync();
        var talk = await Talk.BeginAsync(own);
        var heard = await talk.HearAsync();
        await own.Sandbox.FaultAsync(new JsonObject { ["mode"] = "error", ["code"] = code });
        var marked = await talk.SendAsync("mark_read", new { messageId = heard, typing = true });
        marked.GetProperty("typing").GetBoolean().ShouldBeFalse();
        var refused = marked.GetProperty("notSeen");
        refused.GetProperty("reason").GetString().ShouldBe(reason);
        refused.GetProperty("nextAction").GetString().ShouldNotBeNullOrEmpty();
        (await talk.Mcp.ResultAsync("list_conversations", new { unread = true })).GetProperty("conversations").GetArrayLength().ShouldBe(0);
    }
}
