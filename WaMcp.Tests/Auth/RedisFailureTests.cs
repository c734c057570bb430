using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using StackExchange.Redis;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

/// <summary>Whatever happens to Redis: limits hold, revocations hold, answers come within a bounded time, and it heals by itself.</summary>
public sealed class RedisFailureTests
{
    private const int Limit = 20;
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(10);

    // In the middle of a minute that never ends, so that the count is exact.
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 30, TimeSpan.Zero);

    public static TheoryData<string> Failures => ["stopped", "restarted empty", "flushed", "script cache flushed", "frozen"];

    // Without a hand-over, so that nothing is in Postgres that nobody carried there.
    private static readonly (string Key, string? Value) NoHandOver = ("RateLimit:HandOver", "00:00:00");

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task LimitsAndRevocationsHoldAndItHeals(string failure)
    {
        await using var system = await WaMcpSystem.StartWithClockAsync(new ManualClock(Noon));
        var client = await system.Console.OnboardAsync(rpm: Limit);
        var revoked = await system.Console.OnboardAsync();
        await CallsAsync(client, system.Server, 12, StatusCodes.Status200OK);
        await CallsAsync(revoked, system.Server, 2, StatusCodes.Status200OK);

        await FailAsync(system, failure);
        await CallsAsync(client, system.Server, 4, StatusCodes.Status200OK);
        await system.Console.RevokeAsync(revoked.Key);
        await CallsAsync(revoked, system.Server, 2, StatusCodes.Status401Unauthorized);

        await HealAsync(system, failure);
        await CallsAsync(revoked, system.Server, 2, StatusCodes.Status401Unauthorized);
        await CallsAsync(client, system.Server, Limit - 16, StatusCodes.Status200OK);
        await CallsAsync(client, system.Server, 3, StatusCodes.Status429TooManyRequests);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task WhatOneServerCountedTheOtherKnows(string failure)
    {
        await using var system = await WaMcpSystem.StartWithClockAsync(new ManualClock(Noon), settings: NoHandOver);
        var (first, second) = (system.Server, await system.AddServerAsync());
        await system.CountsInRedisAsync(first);
        await system.CountsInRedisAsync(second);
        var client = await system.Console.OnboardAsync(rpm: Limit);
        await CallsAsync(client, first, 12, StatusCodes.Status200OK);
        (await InPostgresAsync(system, client)).ShouldBe(0);

        // Without another call to the first server: what it was told must get to the second by itself.
        await FailAsync(system, failure);
        await Eventually.TrueAsync(
            "the counts are where the second server counts",
            async () => (failure is "stopped" or "frozen" ? await InPostgresAsync(system, client) : InRedis(system, client)) >= 12);
        await CallsAsync(client, second, 4, StatusCodes.Status200OK);

        await HealAsync(system, failure);
        await Eventually.TrueAsync("Redis knows what was counted without it", () => Task.FromResult(InRedis(system, client) >= 16));
        await CallsAsync(client, first, 2, StatusCodes.Status200OK);
        await CallsAsync(client, second, 2, StatusCodes.Status200OK);
        await CallsAsync(client, first, 2, StatusCodes.Status429TooManyRequests);
        await CallsAsync(client, second, 2, StatusCodes.Status429TooManyRequests);
    }

    [Fact]
    public async Task AServerThatStartsAfterwardsKnowsToo()
    {
        await using var system = await WaMcpSystem.StartWithClockAsync(new ManualClock(Noon), settings: NoHandOver);
        await system.CountsInRedisAsync(system.Server);
        var client = await system.Console.OnboardAsync(rpm: Limit);
        await CallsAsync(client, system.Server, Limit, StatusCodes.Status200OK);
        (await InPostgresAsync(system, client)).ShouldBe(0);
        await FailAsync(system, "restarted empty");
        await Eventually.TrueAsync("Redis knows what it forgot", () => Task.FromResult(InRedis(system, client) >= Limit));

        await CallsAsync(client, await system.AddServerAsync(), 2, StatusCodes.Status429TooManyRequests);
    }

    private static async Task FailAsync(WaMcpSystem system, string failure)
    {
        switch (failure)
        {
            case "stopped":
                await system.Redis.StopAsync();
                break;
            case "restarted empty":
                await system.Redis.StopAsync();
                await system.Redis.StartAsync();
                break;
            case "frozen":
                system.Redis.Freeze();
                break;
            default:
                using (var redis = Connect(system, ",allowAdmin=true"))
                {
                    var server = redis.GetServer(system.Redis.ConnectionString);
                    if (failure == "flushed")
                    {
                        server.FlushAllDatabases();
                    }
                    else
                    {
                        server.ScriptFlush();
                    }
                }

                break;
        }
    }

    private static async Task HealAsync(WaMcpSystem system, string failure)
    {
        if (failure == "stopped")
        {
            await system.Redis.StartAsync();
        }
        else if (failure == "frozen")
        {
            system.Redis.Continue();
        }

        var other = await system.Console.OnboardAsync();
        await Eventually.TrueAsync("Redis counts", async () =>
        {
            await CallsAsync(other, system.Server, 1, StatusCodes.Status200OK);
            return InRedis(system, other) > 0;
        });
    }

    private static async Task CallsAsync(TestClient client, Uri server, int calls, int status)
    {
        for (var call = 0; call < calls; call++)
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await WaMcpSystem.Mcp(client.Token, server).CallAsync("ping");
            answer.Status.ShouldBe(status, answer.Body);
            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(LongestCall);
        }
    }

    // Not awaited: what goes on after that would close the connection on its own reader's thread.
    private static long InRedis(WaMcpSystem system, TestClient client)
    {
        try
        {
            using var redis = Connect(system);
            return (long)redis.GetDatabase().StringGet($"{Counter(client)}:{Noon.ToUnixTimeSeconds() / 60}");
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            return 0; // not back yet
        }
    }

    private static Task<long> InPostgresAsync(WaMcpSystem system, TestClient client) =>
        system.QueryAsync<long>("SELECT count::bigint FROM rate_limit_buckets WHERE subject = $1", Counter(client));

    private static string Counter(TestClient client) => $"rpm:{{{client.Client.Id}}}:{client.Key.Id}";

    // A machine that is busy with all tests may take long to connect.
    private static ConnectionMultiplexer Connect(WaMcpSystem system, string more = "") =>
        ConnectionMultiplexer.Connect($"{system.Redis.ConnectionString},abortConnect=false,connectTimeout=5000,syncTimeout=30000{more}");
}
