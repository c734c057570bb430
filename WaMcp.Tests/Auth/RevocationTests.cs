using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using StackExchange.Redis;
using WaMcp.Domain.Limits;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

/// <summary>What an operator took back is refused to every request that starts after the command returned, on every replica.</summary>
public sealed class RevocationTests
{
    private const int CallsPerSecond = 200;
    private const int Rounds = 4;
    private const int Enough = 40;

    [Fact]
    public async Task NoRequestThatStartsAfterTheCommandReturnedSucceeds()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        await using var traffic = new Traffic(client, [system.Server, (await system.AddServerProcessAsync()).Address], CallsPerSecond);
        for (var round = 0; round < Rounds; round++)
        {
            client = await TakeBackAndGiveAgainAsync(system, traffic, client);
        }
    }

    [Fact]
    public async Task NorWhileRedisIsKilledAndComesBackEmpty()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync();
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        await using var traffic = new Traffic(client, [system.Server, (await system.AddServerProcessAsync()).Address], CallsPerSecond);
        client = await TakeBackAndGiveAgainAsync(system, traffic, client);

        var killed = Task.Run(system.Redis.StopAsync); // somewhere in the middle of what follows
        client = await TakeBackAndGiveAgainAsync(system, traffic, client);
        await killed;
        client = await TakeBackAndGiveAgainAsync(system, traffic, client);

        var started = Task.Run(system.Redis.StartAsync);
        client = await TakeBackAndGiveAgainAsync(system, traffic, client);
        await started;
        await TakeBackAndGiveAgainAsync(system, traffic, client);
    }

    [Fact]
    public async Task ARedisThatForgotTheRevocationOpensNoDoor()
    {
        await using var system = await WaMcpSystem.StartAsync();
        var client = await system.Console.OnboardAsync();
        using var redis = ConnectionMultiplexer.Connect($"{system.Redis.ConnectionString},abortConnect=false");
        RedisKey epoch = RateLimiter.EpochKey(client.Client.Id);
        for (var call = 0; call < 3; call++)
        {
            (await system.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK);
        }

        var before = redis.GetDatabase().StringGet(epoch);
        before.HasValue.ShouldBeTrue();
        await system.Console.EnableAsync(client.Client, enabled: false);

        // As after a crash: it comes back from a snapshot that is older than the revocation.
        await system.Redis.StopAsync();
        await system.Redis.StartAsync();
        await Eventually.TrueAsync("Redis is back", () => Task.FromResult(redis.IsConnected));
        redis.GetDatabase().StringSet(epoch, before);
        for (var call = 0; call < 3; call++)
        {
            (await system.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status401Unauthorized);
        }
    }

    // Each of the three ways, with its way back; what is given again is in force at once as well.
    private static async Task<TestClient> TakeBackAndGiveAgainAsync(WaMcpSystem system, Traffic traffic, TestClient client)
    {
        var console = system.Console;
        await ShouldBeAfterAsync(StatusCodes.Status401Unauthorized, () => console.EnableAsync(client.Client, enabled: false));
        await ShouldBeAfterAsync(StatusCodes.Status200OK, () => console.EnableAsync(client.Client, enabled: true));
        await ShouldBeAfterAsync(StatusCodes.Status403Forbidden, () => console.RevokeGrantAsync(client.Client, client.Channel));
        await ShouldBeAfterAsync(StatusCodes.Status200OK, () => console.GrantAsync(client.Client, client.Channel));
        await ShouldBeAfterAsync(StatusCodes.Status401Unauthorized, () => console.RevokeAsync(client.Key));
        var (key, token) = await console.MintAsync(client.Client, client.Key.Scopes, client.Key.RpmLimit);
        client = client with { Key = key, Token = token };
        await ShouldBeAfterAsync(StatusCodes.Status200OK, () =>
        {
            traffic.Use(client);
            return Task.CompletedTask;
        });
        return client;

        async Task ShouldBeAfterAsync(int status, Func<Task> change)
        {
            await change();
            var returned = Stopwatch.GetTimestamp();
            (await traffic.StatusesAfterAsync(returned, Enough, client)).Distinct().ShouldBe([status]);
        }
    }
}
