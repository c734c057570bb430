using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using StackExchange.Redis;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

/// <summary>Two servers, one key.</summary>
public sealed class SharedKeyTests
{
    private const int Limit = 60;
    private const int Calls = 200;
    private const int AtOnce = 40;

    [Theory]
    [InlineData("00:00:00")] // in Redis alone
    [InlineData("00:01:00")] // in both stores, as after a start
    public async Task TwoServerProcessesThatShareAKeyNeverAdmitMoreThanItsLimit(string handOver)
    {
        await using var system = await WaMcpSystem.StartProcessesAsync(null, ("RateLimit:RedisPatience", "00:00:10"), ("RateLimit:HandOver", handOver));
        // What is under way while a server that has just started carries counters over to Redis may count twice there: never too many calls, but too few.
        var mark = $"rpm:{{{Guid.NewGuid()}}}:mark";
        var minute = await system.QueryAsync<long>(
            "INSERT INTO rate_limit_buckets (subject, bucket_start, count) VALUES ($1, date_trunc('minute', now()), 1) RETURNING extract(epoch FROM bucket_start)::bigint / 60", mark);
        Uri[] servers = [system.Server, (await system.AddServerProcessAsync()).Address];
        using var redis = ConnectionMultiplexer.Connect(system.Redis.ConnectionString);
        await Eventually.TrueAsync("the second server has carried counters over", () => Task.FromResult(redis.GetDatabase().KeyExists($"{mark}:{minute}")));
        var client = await system.Console.OnboardAsync(rpm: Limit);
        foreach (var server in servers.Where(_ => handOver == "00:00:00"))
        {
            await system.CountsInRedisAsync(server);
        }

        var began = Stopwatch.GetTimestamp();
        var statuses = new List<int>();
        foreach (var some in Enumerable.Range(0, Calls).Chunk(AtOnce))
        {
            statuses.AddRange(await Task.WhenAll(some.Select(async call =>
                (await WaMcpSystem.Mcp(client.Token, servers[call % servers.Length]).CallAsync("ping")).Status)));
        }

        // Of what was spent before a turn of the minute, one call a second weighs less and less afterwards.
        var rolledOff = (int)Stopwatch.GetElapsedTime(began).TotalSeconds * Limit / 60;
        statuses.Distinct().Order().ShouldBe([StatusCodes.Status200OK, StatusCodes.Status429TooManyRequests]);
        statuses.Count(status => status == StatusCodes.Status200OK).ShouldBeInRange(Limit, Limit + rolledOff);
    }
}
