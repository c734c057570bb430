using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using WaMcp.ServiceDefaults;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.ServiceDefaults;

public sealed class AddressLimitTests(LocalRedis redis) : IClassFixture<LocalRedis>
{
    [Fact]
    public async Task AnAddressOverItsLimitIsToldWhenToComeBack()
    {
        await using var app = await StartAsync(("AddressLimit:PermitLimit", "3"));
        for (var request = 0; request < 3; request++)
        {
            (await app.Client.GetStringAsync("/limited")).ShouldBe("here");
        }

        using var refused = await app.Client.GetAsync("/limited");

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta.ShouldNotBeNull().ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        (await refused.Content.ReadAsStringAsync()).ShouldMatch(
            """^\{"error":\{"code":"too_many_requests","message":"Too many requests from this address\. Wait \d+ s before the next one\."\}\}$""");
        (await app.Client.GetStringAsync("/free")).ShouldBe("here");
    }

    [Fact]
    public async Task EveryAddressHasALimitOfItsOwn()
    {
        await using var app = await StartAsync(("AddressLimit:PermitLimit", "1"));

        (await StatusFromAsync(app, "192.0.2.1")).ShouldBe(HttpStatusCode.OK);
        (await StatusFromAsync(app, "192.0.2.1")).ShouldBe(HttpStatusCode.TooManyRequests);
        (await StatusFromAsync(app, "::ffff:192.0.2.1")).ShouldBe(HttpStatusCode.TooManyRequests);
        (await StatusFromAsync(app, "192.0.2.2")).ShouldBe(HttpStatusCode.OK);
        (await StatusFromAsync(app, "2001:db8:1:2::1")).ShouldBe(HttpStatusCode.OK);
        (await StatusFromAsync(app, "2001:db8:1:2:ffff::9")).ShouldBe(HttpStatusCode.TooManyRequests);
        (await StatusFromAsync(app, "2001:db8:1:3::1")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task TheLimitHoldsWithoutRedisToo()
    {
        await using var away = new LocalRedis();
        await using var app = await StartAsync(("AddressLimit:PermitLimit", "2"), ("ConnectionStrings:redis", away.ConnectionString));

        (await StatusFromAsync(app, "192.0.2.3")).ShouldBe(HttpStatusCode.OK);
        (await StatusFromAsync(app, "192.0.2.3")).ShouldBe(HttpStatusCode.OK);
        (await StatusFromAsync(app, "192.0.2.3")).ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task ARedisThatHangsTurnsNoRequestAway()
    {
        await using var frozen = await LocalRedis.RunAsync();
        await using var app = await StartAsync(("ConnectionStrings:redis", frozen.ConnectionString));
        (await StatusFromAsync(app, "192.0.2.4")).ShouldBe(HttpStatusCode.OK);

        frozen.Freeze();
        (await StatusFromAsync(app, "192.0.2.4")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("AddressLimit:PermitLimit", "0")]
    [InlineData("AddressLimit:Window", "00:00:00")]
    public async Task AWrongSettingIsNamedAtStart(string setting, string value)
    {
        var failure = await Should.ThrowAsync<OptionsValidationException>(() => StartAsync((setting, value)));

        failure.Message.ShouldContain(setting);
    }

    private Task<TestApp> StartAsync(params (string, string?)[] settings) => TestApp.StartAsync(
        builder => builder.AddServiceDefaults().AddRedis().AddAddressLimit(),
        app =>
        {
            app.Use((context, next) =>
            {
                if (context.Request.Headers["Test-Address"] is [{ } address])
                {
                    context.Connection.RemoteIpAddress = IPAddress.Parse(address);
                }

                return next(context);
            });
            app.UseAddressLimit();
            app.MapGet("/limited", () => "here").RequireAddressLimit();
            app.MapGet("/free", () => "here");
        },
        [("ConnectionStrings:redis", redis.ConnectionString), .. settings]);

    private static async Task<HttpStatusCode> StatusFromAsync(TestApp app, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/limited") { Headers = { { "Test-Address", address } } };
        using var answer = await app.Client.SendAsync(request);
        return answer.StatusCode;
    }
}
