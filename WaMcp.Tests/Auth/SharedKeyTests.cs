using System.Diagnostics;
using Microsoft.AspNetCore.Http;
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
        Uri[] servers = [system.Server, (await system.AddServerProcessAsync()).Address];
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
        // What is under way while a server that has just started carries counters over to Redis may count twice there.
        var least = handOver == "00:00:00" ? Limit : Limit - AtOnce;
        statuses.Count(status => status == StatusCodes.Status200OK).ShouldBeInRange(least, Limit + rolledOff);
    }
}
