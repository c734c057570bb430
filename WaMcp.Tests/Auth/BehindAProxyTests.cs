using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using WaMcp.Domain.Audit;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

/// <summary>The server behind a proxy that it trusts, with a low limit for each address.</summary>
public sealed class BehindAProxyTests(BehindAProxyTests.Proxied proxied) : IClassFixture<BehindAProxyTests.Proxied>
{
    private const string UnknownKey = "wamcp_live_aaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    private const int Limit = 5;

    private readonly WaMcpSystem system = proxied.System;

    [Fact]
    public async Task TheAuditRowsNameTheClientsAddress()
    {
        var client = await system.Console.OnboardAsync();
        await system.Mcp(client.Token, forwardedFor: "192.0.2.1, 203.0.113.1").ResultAsync("ping");
        await system.AuditAsync(client.Client.Id, AuditAction.ToolCalled);
        (await system.QueryAsync<string>("SELECT string_agg(DISTINCT ip, ' ') FROM audit_log WHERE client_id = $1 AND ip IS NOT NULL", client.Client.Id.Value))
            .ShouldBe("203.0.113.1", "what stands before it was sent by the client");
    }

    [Fact]
    public async Task AnAddressThatGuessesIsStoppedBeforeItReachesAnything()
    {
        const string address = "203.0.113.2";
        var client = await system.Console.OnboardAsync();
        for (var guess = 0; guess <= Limit; guess++)
        {
            (await system.Mcp(UnknownKey, forwardedFor: address).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status401Unauthorized);
        }

        var refused = await system.Mcp(UnknownKey, forwardedFor: address).CallAsync("ping");
        refused.Status.ShouldBe(StatusCodes.Status429TooManyRequests);
        refused.ErrorCode.ShouldBe(-32004);
        refused.Reason.ShouldBe("rate_limited");
        refused.Error.GetProperty("data").GetProperty("retryAfterSeconds").GetInt32().ShouldBe((int)refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        (await system.Mcp(client.Token, forwardedFor: address).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status429TooManyRequests);
        (await DeliverAsync(address, TestSecrets.AppSecret)).ShouldBe(StatusCodes.Status429TooManyRequests);
        (await system.Mcp(client.Token, forwardedFor: "203.0.113.3").CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK, "others are not concerned");
        await Eventually.GetAsync("a row for each guess", () => RowsAsync(address, AuditAction.AuthFailed), rows => rows == Limit + 1);
        (await system.Http.GetAsync(new Uri(system.Server, "/health"))).IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    public async Task BadlySignedWebhooksCountAndWellSignedOnesNever()
    {
        const string address = "203.0.113.4";
        for (var delivery = 0; delivery < Limit * 4; delivery++)
        {
            (await DeliverAsync(address, TestSecrets.AppSecret)).ShouldBe(StatusCodes.Status200OK);
        }

        for (var delivery = 0; delivery <= Limit; delivery++)
        {
            (await DeliverAsync(address, "not the secret")).ShouldBe(StatusCodes.Status401Unauthorized);
        }

        (await DeliverAsync(address, "not the secret")).ShouldBe(StatusCodes.Status429TooManyRequests);
        using var verify = new HttpRequestMessage(HttpMethod.Get, new Uri(system.Server, "/webhooks/whatsapp?hub.mode=subscribe"));
        verify.Headers.Add("X-Forwarded-For", address);
        using var answer = await system.Http.SendAsync(verify);
        ((int)answer.StatusCode).ShouldBe(StatusCodes.Status429TooManyRequests);
    }

    [Fact]
    public async Task CallsWithAGoodKeyNeverCount()
    {
        var client = await system.Console.OnboardAsync();
        for (var call = 0; call < Limit * 4; call++)
        {
            (await system.Mcp(client.Token, forwardedFor: "203.0.113.5").CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK);
        }
    }

    [Fact]
    public async Task APageOfOurOwnHostIsOursWhenTheProxySaysThatItCameOverHttps()
    {
        var client = await system.Console.OnboardAsync();
        (await StatusFromAsync(client.Token, "https")).ShouldBe(StatusCodes.Status200OK);
        (await StatusFromAsync(client.Token, "http")).ShouldBe(StatusCodes.Status403Forbidden);
    }

    private Task<long> RowsAsync(string address, string action) =>
        system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE ip = $1 AND action = $2", address, action);

    private async Task<int> DeliverAsync(string address, string secret)
    {
        const string body = """{"object":"whatsapp_business_account","entry":[]}""";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(system.Server, "/webhooks/whatsapp")) { Content = new StringContent(body) };
        request.Headers.Add("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(signature)}");
        request.Headers.Add("X-Forwarded-For", address);
        using var response = await system.Http.SendAsync(request);
        return (int)response.StatusCode;
    }

    private async Task<int> StatusFromAsync(string token, string scheme)
    {
        const string body = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(system.Server, "/mcp"))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)
            [
                ("Authorization", $"Bearer {token}"), ("Accept", "application/json, text/event-stream"), ("Origin", "https://wa.example.com"),
                ("X-Forwarded-For", "203.0.113.6"), ("X-Forwarded-Proto", scheme), ("X-Forwarded-Host", "wa.example.com"),
            ])
        {
            request.Headers.Add(name, value);
        }

        using var response = await system.Http.SendAsync(request);
        return (int)response.StatusCode;
    }

    public sealed class Proxied : IAsyncLifetime
    {
        internal WaMcpSystem System { get; private set; } = null!;

        public async Task InitializeAsync() => System = await WaMcpSystem.StartAsync(
            postgres: null, ("Proxies:Trusted:0", "127.0.0.1"), ("AddressLimit:FailureLimit", Limit.ToString(global::System.Globalization.CultureInfo.InvariantCulture)));

        public async Task DisposeAsync() => await System.DisposeAsync();
    }
}
