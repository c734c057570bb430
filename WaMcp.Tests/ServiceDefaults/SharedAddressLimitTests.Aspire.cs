using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
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

        await FailAsync(one);
        await FailAsync(other);
        await FailAsync(one); // the one too many
        (await StatusAsync(one)).ShouldBe(HttpStatusCode.TooManyRequests);
        await FailAsync(other); // which learns of it by its own next failure
        (await StatusAsync(other)).ShouldBe(HttpStatusCode.TooManyRequests);
    }

    private static Task<TestApp> StartAsync(LocalRedis redis) => TestApp.StartAsync(
        builder => builder.AddServiceDefaults().AddRedis().AddAddressLimit(),
        app =>
        {
            app.UseRouting();
            app.UseAddressLimit();
            app.MapGet("/limited", () => Results.Unauthorized()).RequireAddressLimit();
        },
        ("ConnectionStrings:redis", redis.ConnectionString),
        ("AddressLimit:FailureLimit", "2"));

    private static async Task FailAsync(TestApp app) => (await StatusAsync(app)).ShouldBe(HttpStatusCode.Unauthorized);

    private static async Task<HttpStatusCode> StatusAsync(TestApp app)
    {
        using var answer = await app.Client.GetAsync("/limited");
        return answer.StatusCode;
    }
}
