using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using WaMcp.ServiceDefaults;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.ServiceDefaults;

public sealed class AddressLimitTests(LocalRedis redis) : IClassFixture<LocalRedis>
{
    [Fact]
    public async Task AnAddressThatFailsTooOftenIsToldWhenToComeBack()
    {
        await using var app = await StartAsync(("AddressLimit:FailureLimit", "3"));
        await FailAsync(app, "192.0.2.1", times: 4);

        using var refused = await AskAsync(app, "192.0.2.1");

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta.ShouldNotBeNull().ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        (await refused.Content.ReadAsStringAsync()).ShouldMatch(
            """^\{"error":\{"code":"too_many_requests","message":"Too many requests from this address could not be authenticated\. Wait \d+ s before the next one\."\}\}$""");
        (await StatusAsync(app, "192.0.2.1", "/free")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task RequestsThatAreLetInAreNeverCounted()
    {
        await using var app = await StartAsync(("AddressLimit:FailureLimit", "1"));
        await FailAsync(app, "192.0.2.1", times: 1);
        for (var request = 0; request < 500; request++)
        {
            (await StatusAsync(app, "192.0.2.1")).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task AnOutageOfOursIsNotHeldAgainstTheCaller()
    {
        await using var app = await StartAsync(("AddressLimit:FailureLimit", "1"));
        for (var request = 0; request < 10; request++)
        {
            (await StatusAsync(app, "192.0.2.1", "/outage")).ShouldBe(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task EveryAddressHasALimitOfItsOwn()
    {
        await using var app = await StartAsync(("AddressLimit:FailureLimit", "1"));
        await FailAsync(app, "192.0.2.1", times: 2);
        await FailAsync(app, "2001:db8:1:2::1", times: 2);

        (await StatusAsync(app, "192.0.2.1")).ShouldBe(HttpStatusCode.TooManyRequests);
        (await StatusAsync(app, "::ffff:192.0.2.1")).ShouldBe(HttpStatusCode.TooManyRequests);
        (await StatusAsync(app, "192.0.2.2")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(app, "2001:db8:1:2:ffff::9")).ShouldBe(HttpStatusCode.TooManyRequests, "the same /64");
        (await StatusAsync(app, "2001:db8:1:3::1")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task ABlockedAddressIsBackAfterTheWait()
    {
        await using var app = await StartAsync(("AddressLimit:FailureLimit", "1"), ("AddressLimit:Window", "00:00:03"));
        await FailAsync(app, "192.0.2.1", times: 2);
        (await StatusAsync(app, "192.0.2.1")).ShouldBe(HttpStatusCode.TooManyRequests);

        await Eventually.TrueAsync("the address is let in", async () => await StatusAsync(app, "192.0.2.1") == HttpStatusCode.OK);
    }

    [Fact]
    public async Task TheLimitHoldsWithoutRedisToo()
    {
        await using var away = new LocalRedis();
        await using var app = await StartAsync(("AddressLimit:FailureLimit", "2"), ("ConnectionStrings:redis", away.ConnectionString));

        await FailAsync(app, "192.0.2.3", times: 3);
        (await StatusAsync(app, "192.0.2.3")).ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task ARedisThatHangsHoldsNoAnswerUp()
    {
        await using var frozen = await LocalRedis.RunAsync();
        await using var app = await StartAsync(("AddressLimit:FailureLimit", "2"), ("ConnectionStrings:redis", frozen.ConnectionString));
        (await StatusAsync(app, "192.0.2.4")).ShouldBe(HttpStatusCode.OK);

        frozen.Freeze();
        (await StatusAsync(app, "192.0.2.4")).ShouldBe(HttpStatusCode.OK);
        await FailAsync(app, "192.0.2.4", times: 3);
        (await StatusAsync(app, "192.0.2.4")).ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task OnlySoManyAddressesAreRememberedAndTheirPlacesAreFreeInTheNextWindow()
    {
        var clock = new HandMovedStopwatch();
        using var services = new ServiceCollection().BuildServiceProvider();
        using var addresses = new FailingAddresses(
            Options.Create(new AddressLimitOptions { FailureLimit = 1 }), clock, services, NullLogger<FailingAddresses>.Instance);
        for (var number = 0; number < FailingAddresses.MostAddresses; number++)
        {
            await addresses.CountAsync($"address {number}");
        }

        await FailTwiceAsync("one too many");
        addresses.BlockedFor("one too many").ShouldBeNull();
        await FailTwiceAsync("address 0");
        addresses.BlockedFor("address 0").ShouldNotBeNull("what is remembered is counted as ever");

        clock.Advance(TimeSpan.FromMinutes(1));
        addresses.BlockedFor("address 0").ShouldBeNull();
        await FailTwiceAsync("one too many");
        addresses.BlockedFor("one too many").ShouldNotBeNull();

        async Task FailTwiceAsync(string address)
        {
            await addresses.CountAsync(address);
            await addresses.CountAsync(address);
        }
    }

    [Theory]
    [InlineData("AddressLimit:FailureLimit", "0")]
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
                context.Connection.RemoteIpAddress = IPAddress.Parse(context.Request.Headers["Test-Address"].Single()!);
                return next(context);
            });
            app.UseRouting();
            app.UseAddressLimit();
            app.MapGet("/limited", (bool? fail) => fail == true ? Results.Unauthorized() : Results.Text("here")).RequireAddressLimit();
            app.MapGet("/outage", (HttpContext http) =>
            {
                AddressLimit.Excuse(http);
                return Results.Unauthorized();
            }).RequireAddressLimit();
            app.MapGet("/free", () => "here");
        },
        [("ConnectionStrings:redis", redis.ConnectionString), .. settings]);

    private static async Task FailAsync(TestApp app, string address, int times)
    {
        for (var time = 0; time < times; time++)
        {
            (await StatusAsync(app, address, "/limited?fail=true")).ShouldBe(HttpStatusCode.Unauthorized);
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(TestApp app, string address, string path = "/limited")
    {
        using var answer = await AskAsync(app, address, path);
        return answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> AskAsync(TestApp app, string address, string path = "/limited")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Test-Address", address } } };
        return await app.Client.SendAsync(request);
    }

    /// <summary>A stopwatch that is moved by hand.</summary>
    private sealed class HandMovedStopwatch : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan by) => ticks += by.Ticks;

        public override long GetTimestamp() => ticks;
    }
}
