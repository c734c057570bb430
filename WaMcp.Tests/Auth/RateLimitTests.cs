using Microsoft.AspNetCore.Http;
using WaMcp.Domain.Audit;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

[Collection(SharedSystemTests.Name)]
public sealed class RateLimitTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task TheSixthCallAMinuteOfAKeyWithFiveIs429()
    {
        var client = await system.Console.OnboardAsync(rpm: 5);
        await FiveThenOneAsync(system, client);
        (await system.AuditAsync(client.Client.Id, AuditAction.RateLimited)).Count(action => action == AuditAction.ToolCalled).ShouldBe(5);
    }

    [Fact]
    public async Task TheSameHoldsWhileRedisIsAwayAndWhenItIsBack()
    {
        await using var own = await WaMcpSystem.StartAsync();
        await own.Redis.StopAsync();
        await FiveThenOneAsync(own, await own.Console.OnboardAsync(rpm: 5));

        await own.Redis.StartAsync();
        await Eventually.TrueAsync("Redis counts again", async () =>
        {
            await own.Mcp((await own.Console.OnboardAsync()).Token).CallAsync("ping");
            return own.Logs.Text.Contains("Redis answers again", StringComparison.Ordinal);
        });
        await FiveThenOneAsync(own, await own.Console.OnboardAsync(rpm: 5));
    }

    [Fact]
    public async Task AFrozenRedisHoldsNoCallUpAndOpensNoDoor()
    {
        await using var own = await WaMcpSystem.StartAsync();
        var client = await own.Console.OnboardAsync(rpm: 5);
        (await own.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK);
        own.Redis.Freeze();
        try
        {
            var other = await own.Console.OnboardAsync(rpm: 5);
            await FiveThenOneAsync(own, other).WaitAsync(TimeSpan.FromSeconds(60));
        }
        finally
        {
            own.Redis.Continue();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FiveCallsAtZeroSecondsAndFiveAtThirtyLeaveRoomForAnEleventhWhenTheyWeighOneLess(bool redisIsThere)
    {
        var clock = new ShiftedClock();
        await using var own = await WaMcpSystem.StartWithClockAsync(clock);
        if (!redisIsThere)
        {
            await own.Redis.StopAsync();
        }

        // The window weighs two buckets of a minute: previous x (1 - elapsed) + current + 1 <= limit.
        // Both fives in one minute are ten at 31 s, and nothing has rolled off: a limit of 10 is full, one of 11 has one place.
        // The minute after, 10 x (1 - e) + 1 <= 10 from e = 0.1 on, which is 66 s.
        await ShouldFitAsync(firstAtSecond: 0, limit: 11, (31, true), (32, false));
        await ShouldFitAsync(firstAtSecond: 0, limit: 10, (31, false), (59, false), (65, false), (66.5, true));
        // With the minute turning between the fives it is 5 x 59/60 + 5 + 1 = 10.9 at 31 s: a place of 11, none of 10;
        // 5 x (1 - e) + 5 + 1 <= 10 from e = 0.2 on, which is 42 s.
        await ShouldFitAsync(firstAtSecond: 30, limit: 11, (31, true));
        await ShouldFitAsync(firstAtSecond: 30, limit: 10, (31, false), (41, false), (42.5, true));

        async Task ShouldFitAsync(int firstAtSecond, int limit, params (double Second, bool Fits)[] later)
        {
            var client = await own.Console.OnboardAsync(rpm: limit);
            var now = clock.GetUtcNow();
            var start = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMinute)).AddMinutes(5).AddSeconds(firstAtSecond);
            foreach (var second in new[] { 0, 30 })
            {
                clock.Advance(start.AddSeconds(second) - clock.GetUtcNow());
                for (var call = 0; call < 5; call++)
                {
                    (await own.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK);
                }
            }

            foreach (var (second, fits) in later)
            {
                clock.Advance(start.AddSeconds(second) - clock.GetUtcNow());
                (await own.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(
                    fits ? StatusCodes.Status200OK : StatusCodes.Status429TooManyRequests, $"limit {limit}, first at {firstAtSecond}, at {second} s");
            }
        }
    }

    [Fact]
    public async Task AByteOrderMarkIsNoWayAroundTheLimit()
    {
        var client = await system.Console.OnboardAsync(rpm: 1);
        const string body = "\uFEFF{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"ping\",\"arguments\":{}}}";
        await system.Mcp(client.Token).PostAsync(body, "tools/call", "ping");
        (await system.Mcp(client.Token).PostAsync(body, "tools/call", "ping")).Status.ShouldBe(StatusCodes.Status429TooManyRequests);
    }

    [Fact]
    public async Task AMethodThatPostgresCannotKeepCostsNoAuditRow()
    {
        var client = await system.Console.OnboardAsync(rpm: 1);
        for (var call = 0; call < 3; call++)
        {
            await system.Mcp(client.Token).PostAsync("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"x\\u0000\"}");
        }

        await system.AuditAsync(client.Client.Id, AuditAction.RateLimited, atLeast: 2);
        (await system.QueryAsync<string>(
            "SELECT DISTINCT tool_name FROM audit_log WHERE action = 'rate_limited' AND client_id = $1", client.Client.Id.Value)).ShouldBe("unknown");
    }

    [Fact]
    public async Task ListsDoNotSpendTheBudget()
    {
        var client = await system.Console.OnboardAsync(rpm: 5);
        await using var mcp = await system.Mcp(client.Token).ConnectAsync();
        for (var list = 0; list < 10; list++)
        {
            await mcp.ListToolsAsync();
        }

        (await system.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK);
    }

    [Fact]
    public async Task WhatIsLeftIsToldOnSuccess()
    {
        var client = await system.Console.OnboardAsync(rpm: 50);
        var answer = await system.Mcp(client.Token).CallAsync("ping");
        answer.Headers.GetValues("RateLimit-Policy").Single().ShouldBe("\"rpm\";q=50;w=60");
        answer.Headers.GetValues("RateLimit").Single().ShouldStartWith("\"rpm\";r=49;");
    }

    private static async Task FiveThenOneAsync(WaMcpSystem system, TestClient client)
    {
        var answers = new List<RawAnswer>();
        for (var call = 0; call < 6; call++)
        {
            answers.Add(await system.Mcp(client.Token).CallAsync("ping"));
        }

        answers.Take(5).ShouldAllBe(answer => answer.Status == StatusCodes.Status200OK);
        var refused = answers[5];
        refused.Status.ShouldBe(StatusCodes.Status429TooManyRequests);
        refused.ErrorCode.ShouldBe(-32004);
        refused.Reason.ShouldBe("rate_limited");
        var wait = refused.Error.GetProperty("data").GetProperty("retryAfterSeconds").GetInt32();
        wait.ShouldBeInRange(1, 120);
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(wait));
    }
}
