using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

/// <summary>Two servers, one key.</summary>
public sealed class SharedKeyTests
{
    private const int Limit = 60;
    private const int Calls = 200;

    [Fact]
    public async Task TwoServerProcessesThatShareAKeyNeverAdmitMoreThanItsLimit()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        Uri[] servers = [system.Server, (await system.AddServerProcessAsync()).Address];
        var client = await system.Console.OnboardAsync(rpm: Limit);

        var began = Stopwatch.GetTimestamp();
        var statuses = await Task.WhenAll(Enumerable.Range(0, Calls).Select(async call =>
            (await WaMcpSystem.Mcp(client.Token, servers[call % servers.Length]).CallAsync("ping")).Status));

        // Of what was spent before a turn of the minute, one call a second weighs less and less afterwards.
        var rolledOff = (int)Stopwatch.GetElapsedTime(began).TotalSeconds * Limit / 60;
        statuses.Distinct().Order().ShouldBe([StatusCodes.Status200OK, StatusCodes.Status429TooManyRequests]);
        statuses.Count(status => status == StatusCodes.Status200OK).ShouldBeInRange(Limit, Limit + rolledOff);
    }
}
