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

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task LimitsAndRevocationsHoldAndItHeals(string failure)
    {
        await using var system = await WaMcpSystem.StartAsync(new ManualClock(Noon));
        var client = await system.Console.OnboardAsync(rpm: Limit);
        var revoked = await system.Console.OnboardAsync();
        await CallsAsync(system, client, 12, StatusCodes.Status200OK);
        await CallsAsync(system, revoked, 2, StatusCodes.Status200OK);

        await FailAsync(system, failure);
        await CallsAsync(system, client, 4, StatusCodes.Status200OK);
        await system.Console.RevokeAsync(revoked.Key);
        await CallsAsync(system, revoked, 2, StatusCodes.Status401Unauthorized);

        await HealAsync(system, failure);
        await CallsAsync(system, revoked, 2, StatusCodes.Status401Unauthorized);
        await CallsAsync(system, client, Limit - 16, StatusCodes.Status200OK);
        await CallsAsync(system, client, 3, StatusCodes.Status429TooManyRequests);
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
                using (var redis = ConnectionMultiplexer.Connect($"{system.Redis.ConnectionString},allowAdmin=true"))
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

        // By calls of somebody else: only calls find out.
        var other = await system.Console.OnboardAsync();
        await Eventually.TrueAsync("Redis counts", async () =>
        {
            await CallsAsync(system, other, 1, StatusCodes.Status200OK);
            return await CountsAsync(system, other);
        });
    }

    private static async Task CallsAsync(WaMcpSystem system, TestClient client, int calls, int status)
    {
        for (var call = 0; call < calls; call++)
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await system.Mcp(client.Token).CallAsync("ping");
            answer.Status.ShouldBe(status, answer.Body);
            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(LongestCall);
        }
    }



    private static Task<bool> CountsAsync(WaMcpSystem system, TestClient client)
    {
        using var redis = ConnectionMultiplexer.Connect($"{system.Redis.ConnectionString},abortConnect=false");
        RedisKey key = $"rpm:{{{client.Client.Id}}}:{client.Key.Id}:{Noon.ToUnixTimeSeconds() / 60}";
        return Task.FromResult(redis.IsConnected && redis.GetDatabase().KeyExists(key));
    }
}
