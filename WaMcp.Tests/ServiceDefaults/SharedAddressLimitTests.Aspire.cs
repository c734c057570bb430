using System.Net;
using Microsoft.AspNetCore.Builder;
using WaMcp.ServiceDefaults;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.ServiceDefaults;

public sealed class SharedAddressLimitTests
{
    [Fact]
    public async Task ReplicasCountTogether()
    {
        await using var redis = await LocalRedis.RunAsync();
        await using var one = await StartAsync(redis);
        await using var other = await StartAsync(redis);

        (await StatusAsync(one)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(other)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(one)).ShouldBe(HttpStatusCode.TooManyRequests);
        (await StatusAsync(other)).ShouldBe(HttpStatusCode.TooManyRequests);

        // Without Redis each counts for itself.
        await redis.StopAsync();
        (await StatusAsync(one)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(other)).ShouldBe(HttpStatusCode.OK);
    }

    private static Task<TestApp> StartAsync(LocalRedis redis) => TestApp.StartAsync(
        builder => builder.AddServiceDefaults().AddRedis().AddAddressLimit(),
        app =>
        {
            app.UseAddressLimit();
            app.MapGet("/limited", () => "here").RequireAddressLimit();
        },
        ("ConnectionStrings:redis", redis.ConnectionString),
        ("AddressLimit:PermitLimit", "2"));

    private static async Task<HttpStatusCode> StatusAsync(TestApp app)
    {
        using var answer = await app.Client.GetAsync("/limited");
        return answer.StatusCode;
    }
}
