using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using WaMcp.ServiceDefaults;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.ServiceDefaults;

public sealed class RedisTests
{
    [Fact]
    public async Task ACallToARedisThatHangsEndsInTime()
    {
        await using var redis = await LocalRedis.RunAsync();
        await using var app = await TestApp.StartAsync(
            builder => builder.AddRedis(), _ => { }, ("ConnectionStrings:redis", redis.ConnectionString));
        var database = app.Services.GetRequiredService<IConnectionMultiplexer>().GetDatabase();
        await database.StringSetAsync("key", "value").InTime();

        redis.Freeze();
        await Should.ThrowAsync<TimeoutException>(() => database.StringGetAsync("key").InTime());

        redis.Continue();
        ((string?)await database.StringGetAsync("key").InTime()).ShouldBe("value");
    }
}
