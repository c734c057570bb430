using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using WaMcp.ServiceDefaults;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.ServiceDefaults;

public sealed class ProxiesTests
{
    private const string Here = "127.0.0.1";

    [Fact]
    public async Task NobodyIsTrustedUnlessTold()
    {
        await using var app = await StartAsync([]);
        (await WhoAsync(app, ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example")))
            .ShouldBe($"{Here} http {app.Address.Authority}");
    }

    [Fact]
    public async Task AnybodyButTheTrustedIsNotBelieved()
    {
        await using var app = await StartAsync(["10.0.0.0/8", "::1"]);
        (await WhoAsync(app, ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"))).ShouldBe($"{Here} http {app.Address.Authority}");
    }

    [Fact]
    public async Task NoFrameworkSettingTrustsMore()
    {
        // What ASPNETCORE_FORWARDEDHEADERS_ENABLED=true does: everybody is trusted, and the middleware stands in front of everything.
        await using var app = await TestApp.StartAsync(
            builder =>
            {
                builder.AddServiceDefaults().AddProxies();
                builder.Services.Configure<ForwardedHeadersOptions>(options =>
                {
                    options.ForwardedHeaders = ForwardedHeaders.All;
                    options.KnownIPNetworks.Clear();
                    options.KnownProxies.Clear();
                });
            },
            app => Map(app.UseForwardedHeaders()));
        (await WhoAsync(app, ("X-Forwarded-For", "203.0.113.7"))).ShouldStartWith(Here);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.0/8")]
    public async Task ATrustedProxyTellsAddressSchemeAndHost(string trusted)
    {
        await using var app = await StartAsync([trusted]);
        (await WhoAsync(app, ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "wa.example.com")))
            .ShouldBe("203.0.113.7 https wa.example.com");
        (await WhoAsync(app, ("X-Forwarded-For", "[2001:db8::7]:4711"), ("X-Forwarded-Proto", "https"))).ShouldStartWith("2001:db8::7 https");
    }

    [Theory]
    [InlineData("203.0.113.7, 10.1.2.3", "203.0.113.7")]
    [InlineData("203.0.113.7, 10.1.2.3, 10.9.9.9", "203.0.113.7")]
    [InlineData("198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7")] // the first was sent by the client itself
    [InlineData("10.1.2.3, 203.0.113.7", "203.0.113.7")]
    public async Task AChainIsFollowedAsFarAsItIsTrusted(string chain, string client)
    {
        await using var app = await StartAsync([Here, "10.0.0.0/8"]);
        (await WhoAsync(app, ("X-Forwarded-For", chain))).ShouldStartWith($"{client} ");
    }

    [Theory]
    [InlineData("X-Forwarded-For", "")]
    [InlineData("X-Forwarded-For", ",,,")]
    [InlineData("X-Forwarded-For", "unknown")]
    [InlineData("X-Forwarded-For", "999.1.1.1, ;DROP TABLE")]
    [InlineData("X-Forwarded-For", "[::")]
    [InlineData("X-Forwarded-For", "1.2.3.4:99999999999999999999")]
    [InlineData("X-Forwarded-For", "%00 %C3%A4")]
    [InlineData("X-Forwarded-Proto", "ht tp")]
    [InlineData("X-Forwarded-Proto", "javascript:alert(1)")]
    [InlineData("X-Forwarded-Proto", ",,https,")]
    [InlineData("X-Forwarded-Host", "a b/../\\")]
    [InlineData("X-Forwarded-Host", "[:::]:x")]
    [InlineData("X-Forwarded-Host", ":")]
    public async Task GarbageIsPassedOver(string header, string value)
    {
        await using var app = await StartAsync([Here]);
        foreach (var text in (string[])[value, string.Join(", ", Enumerable.Repeat(value, 300))])
        {
            using var answer = await AskAsync(app, (header, text));
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await answer.Content.ReadAsStringAsync()).ShouldNotContain("alert");
        }
    }

    [Theory]
    [InlineData("10.1")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.1:80")]
    [InlineData("[::1]:80")]
    [InlineData("fe80::1%eth0")]
    [InlineData("proxy.example.com")]
    [InlineData("10.0.0.1,10.0.0.2")]
    [InlineData("*")]
    public async Task ABadEntryIsNamedAtStart(string entry)
    {
        var failure = await Should.ThrowAsync<OptionsValidationException>(() => StartAsync([Here, entry]));
        failure.Message.ShouldContain("Proxies:Trusted");
        failure.Message.ShouldContain($"'{entry}'");
    }

    [Fact]
    public async Task OneTextInPlaceOfTheListIsRefusedAtStart()
    {
        var failure = await Should.ThrowAsync<OptionsValidationException>(() => TestApp.StartAsync(
            builder => builder.AddServiceDefaults().AddProxies(), _ => { }, ("Proxies:Trusted", "10.0.0.1")));
        failure.Message.ShouldContain("Proxies:Trusted:0");
    }

    private static Task<TestApp> StartAsync(string[] trusted) => TestApp.StartAsync(
        builder => builder.AddServiceDefaults().AddProxies(),
        app => Map(app),
        [.. trusted.Select((entry, index) => ($"Proxies:Trusted:{index}", (string?)entry))]);

    private static void Map(IApplicationBuilder builder)
    {
        var app = (WebApplication)builder;
        app.UseProxies();
        app.MapGet("/who", (HttpContext context) => $"{context.Connection.RemoteIpAddress} {context.Request.Scheme} {context.Request.Host}");
    }

    private static async Task<string> WhoAsync(TestApp app, params (string Name, string Value)[] headers)
    {
        using var answer = await AskAsync(app, headers);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task<HttpResponseMessage> AskAsync(TestApp app, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/who");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await app.Client.SendAsync(request);
    }
}
