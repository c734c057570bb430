using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using StackExchange.Redis;
using WaMcp.Domain.Access;
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

    // So many 401s in a row would otherwise be held against the address.
    private static readonly (string Key, string? Value) ManyRefusals = ("AddressLimit:FailureLimit", "1000000");

    [Fact]
    public async Task NoRequestThatStartsAfterTheCommandReturnedSucceeds()
    {
        await using var system = await WaMcpSystem.StartProcessesAsync(null, ManyRefusals);
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
        await using var system = await WaMcpSystem.StartProcessesAsync(null, ManyRefusals);
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        await using var traffic = new Traffic(client, [system.Server, (await system.AddServerProcessAsync()).Address], CallsPerSecond);
        client = await TakeBackAndGiveAgainAsync(system, traffic, client);

        client = await TakeBackAndGiveAgainAsync(system, traffic, client, halfWay: system.Redis.StopAsync);
        client = await TakeBackAndGiveAgainAsync(system, traffic, client);
        client = await TakeBackAndGiveAgainAsync(system, traffic, client, halfWay: system.Redis.StartAsync);
        await TakeBackAndGiveAgainAsync(system, traffic, client);
    }

    [Fact]
    public async Task NorAfterAHardRotationOfThePepper()
    {
        var secrets = RunFolder.Create("secrets");
        await File.WriteAllTextAsync(Path.Combine(secrets, Pepper.Setting), TestSecrets.Pepper);
        await using var system = await WaMcpSystem.StartProcessesAsync(null, ManyRefusals, (Pepper.Setting, null), ("Secrets:Directory", secrets));
        var client = await system.Console.OnboardAsync(rpm: 100_000);
        await using var traffic = new Traffic(client, [system.Server, (await system.AddServerProcessAsync()).Address], CallsPerSecond);
        (await traffic.StatusesAfterAsync(Stopwatch.GetTimestamp(), Enough, client)).Distinct().ShouldBe([StatusCodes.Status200OK]);

        await Admin.AdminConsole.Of(system, secrets).DoAsync("pepper", "rotate", "--hard", "--yes");

        (await traffic.StatusesAfterAsync(Stopwatch.GetTimestamp(), Enough, client)).Distinct().ShouldBe([StatusCodes.Status401Unauthorized]);
    }

    [Fact]
    public async Task ARedisThatForgotTheRevocationOpensNoDoor()
    {
        await using var system = await WaMcpSystem.StartWithClockAsync(new AgelessClock());
        var client = await system.Console.OnboardAsync();
        RedisKey epoch = RateLimiter.EpochKey(client.Client.Id);
        await CallAsync(system, client, StatusCodes.Status200OK);
        RedisValue before;
        using (var snapshot = Connect())
        {
            before = snapshot.GetDatabase().StringGet(epoch);
        }

        before.HasValue.ShouldBeTrue();

        // As after a crash: it comes back from a snapshot that is older than the revocation. Meanwhile the client is quiet, so that the server still
        // holds what it read, and the server's elapsed time stands still, so that it does not grow too old.
        await system.Console.EnableAsync(client.Client, enabled: false);
        await system.Redis.StopAsync();
        await system.Redis.StartAsync();
        using var redis = Connect(); // a new one: the old one would find out in its own time that Redis was away
        redis.GetDatabase().StringSet(epoch, before);
        var other = await system.Console.OnboardAsync(rpm: 10_000);
        await Eventually.TrueAsync("the server asks Redis", async () =>
        {
            await CallAsync(system, other, StatusCodes.Status200OK);
            return redis.GetDatabase().KeyExists(RateLimiter.EpochKey(other.Client.Id));
        });
        redis.GetDatabase().StringGet(epoch).ShouldBe(before);
        await CallAsync(system, client, StatusCodes.Status401Unauthorized);

        ConnectionMultiplexer Connect() => ConnectionMultiplexer.Connect($"{system.Redis.ConnectionString},connectTimeout=30000,syncTimeout=30000");
    }

    private static async Task CallAsync(WaMcpSystem system, TestClient client, int status)
    {
        for (var call = 0; call < 3; call++)
        {
            (await system.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(status);
        }
    }

    // Each of the ways, with its way back; what is given again is in force at once as well.
    private static async Task<TestClient> TakeBackAndGiveAgainAsync(
        WaMcpSystem system, Traffic traffic, TestClient client, Func<Task>? halfWay = null)
    {
        var console = system.Console;
        await ShouldBeAfterAsync(StatusCodes.Status401Unauthorized, () => console.EnableAsync(client.Client, enabled: false));
        await ShouldBeAfterAsync(StatusCodes.Status200OK, () => console.EnableAsync(client.Client, enabled: true));
        var happening = halfWay is null ? Task.CompletedTask : Task.Run(halfWay); // while the next command runs
        await ShouldBeAfterAsync(StatusCodes.Status403Forbidden, () => console.RevokeGrantAsync(client.Client, client.Channel));
        await happening;
        await ShouldBeAfterAsync(StatusCodes.Status200OK, () => console.GrantAsync(client.Client, client.Channel));
        await ShouldBeAfterAsync(StatusCodes.Status401Unauthorized, () => console.RevokeAsync(client.Key));
        var (key, token) = await console.MintAsync(client.Client, client.Key.Scopes, client.Key.RpmLimit);
        await UseAsync(key, token);
        RotateKey.Rotation rotation = null!;
        await ShouldBeAfterAsync(StatusCodes.Status401Unauthorized, async () => rotation = await console.RotateAsync(client.Key, grace: TimeSpan.Zero));
        await UseAsync(rotation.New, rotation.Token.Text);
        return client;

        Task UseAsync(ApiKey fresh, string shown)
        {
            client = client with { Key = fresh, Token = shown };
            return ShouldBeAfterAsync(StatusCodes.Status200OK, () =>
            {
                traffic.Use(client);
                return Task.CompletedTask;
            });
        }

        async Task ShouldBeAfterAsync(int status, Func<Task> change)
        {
            await change();
            var returned = Stopwatch.GetTimestamp();
            (await traffic.StatusesAfterAsync(returned, Enough, client)).Distinct().ShouldBe([status]);
        }
    }
}
