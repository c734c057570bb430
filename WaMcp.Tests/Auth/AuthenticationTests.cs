using Microsoft.AspNetCore.Http;
using WaMcp.Domain.Audit;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

[Collection(SharedSystemTests.Name)]
public sealed class AuthenticationTests(SharedSystem shared)
{
    private readonly WaMcpSystem system = shared.System;

    [Fact]
    public async Task AValidKeyCallsAToolAndLeavesItsRows()
    {
        var client = await system.Console.OnboardAsync();

        var answer = await system.Mcp(client.Token).ResultAsync("ping");

        answer.GetProperty("pong").GetBoolean().ShouldBeTrue();
        answer.GetProperty("client").GetString().ShouldBe(client.Client.Slug);
        (await system.AuditAsync(client.Client.Id, AuditAction.ToolCalled)).ShouldContain(AuditAction.KeyUsed);
        var row = await system.QueryAsync<string>(
            "SELECT concat_ws('|', tool_name, payload_hash, latency_ms >= 0, api_key_id, error_code, ip) FROM audit_log WHERE client_id = $1 AND action = 'tool_called'",
            client.Client.Id.Value);
        // SHA-256 of {}
        row.ShouldBe($"ping|44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a|t|{client.Key.Id.Value}|127.0.0.1");
    }

    [Fact]
    public async Task TheKeyIsNotedAsUsedOncePerMinute()
    {
        var client = await system.Console.OnboardAsync();
        for (var call = 0; call < 5; call++)
        {
            await system.Mcp(client.Token).ResultAsync("ping");
        }

        var actions = await system.AuditAsync(client.Client.Id, AuditAction.ToolCalled, atLeast: 5);
        actions.Count(action => action == AuditAction.KeyUsed).ShouldBeInRange(1, 2); // the minute may turn meanwhile
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer wamcp_live_tooshort")]
    [InlineData("Bearer WAMCP_LIVE_aaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbb")]
    [InlineData("Bearer wamcp_live_aaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbb1")]
    [InlineData("Bearer wamcp_prod_aaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbb")]
    [InlineData("Bearer wamcp_live_aaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbb")]
    [InlineData("wamcp_live_aaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbb")]
    public async Task WithoutAKeyThatIsKnownEverythingIs401(string? header)
    {
        var before = await AuthFailedRowsAsync();

        var answer = await system.Mcp(null).PostAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/list"}""", "tools/list", authorization: header);

        await ShouldBeRefusedAsync(answer);
        await Eventually.TrueAsync("an auth_failed row", async () => await AuthFailedRowsAsync() > before);
    }

    [Fact]
    public async Task AWrongSecretUnderAKnownPrefixIs401()
    {
        var client = await system.Console.OnboardAsync();
        var wrong = client.Token[..^1] + (client.Token[^1] == 'a' ? 'b' : 'a');
        await ShouldBeRefusedAsync(await system.Mcp(wrong).CallAsync("ping"));
        await ShouldBeAuditedAsync(client, "wrong_secret");
    }

    [Fact]
    public async Task ARevokedKeyIs401FromTheNextRequestOn()
    {
        var client = await system.Console.OnboardAsync();
        (await system.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK);

        await system.Console.RevokeAsync(client.Key);

        await ShouldBeRefusedAsync(await system.Mcp(client.Token).CallAsync("ping"));
        await ShouldBeAuditedAsync(client, "key_revoked");
    }

    [Fact]
    public async Task AnExpiredKeyIs401()
    {
        var client = await system.Console.OnboardAsync();
        var (_, token) = await system.Console.MintAsync(client.Client, ["tools:ping"], expires: TimeSpan.FromMilliseconds(1));
        await ShouldBeRefusedAsync(await system.Mcp(token).CallAsync("ping"));
        await ShouldBeAuditedAsync(client, "key_expired");
    }

    [Fact]
    public async Task ADisabledClientIs401AndAnEnabledOneIsBack()
    {
        var client = await system.Console.OnboardAsync();
        await system.Console.EnableAsync(client.Client, enabled: false);
        await ShouldBeRefusedAsync(await system.Mcp(client.Token).CallAsync("ping"));
        await ShouldBeAuditedAsync(client, "client_disabled");

        await system.Console.EnableAsync(client.Client, enabled: true);
        (await system.Mcp(client.Token).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK);
    }

    [Fact]
    public async Task AnAddressThatACallerClaimsIsNotBelieved()
    {
        var client = await system.Console.OnboardAsync();
        await system.Mcp(client.Token, forwardedFor: "203.0.113.66").ResultAsync("ping");
        await system.AuditAsync(client.Client.Id, AuditAction.ToolCalled);
        (await system.QueryAsync<string>("SELECT string_agg(DISTINCT ip, ' ') FROM audit_log WHERE client_id = $1 AND ip IS NOT NULL", client.Client.Id.Value))
            .ShouldBe("127.0.0.1");
    }

    [Fact]
    public async Task ABodyOverTheLimitIs413ForSomebodyWithAKeyAnd401ForAnybodyElse()
    {
        var client = await system.Console.OnboardAsync();
        (await PostAsync(client.Token)).ShouldBe(StatusCodes.Status413PayloadTooLarge);
        (await PostAsync("wamcp_live_")).ShouldBe(StatusCodes.Status401Unauthorized);

        async Task<int> PostAsync(string token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(system.Server, "/mcp"))
            {
                Content = new StringContent(new string(' ', (8 * 1024 * 1024) + 1), null, "application/json"),
            };
            request.Headers.ExpectContinue = true; // an answer before the body is sent, or else the server hangs up in the middle of it
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            using var response = await system.Http.SendAsync(request);
            return (int)response.StatusCode;
        }
    }

    private static Task ShouldBeRefusedAsync(RawAnswer answer)
    {
        answer.Status.ShouldBe(StatusCodes.Status401Unauthorized, answer.ToString());
        answer.Headers.WwwAuthenticate.Single().Scheme.ShouldBe("Bearer");
        answer.ErrorCode.ShouldBe(-32001);
        answer.Reason.ShouldBe("auth_failed");
        return Task.CompletedTask;
    }

    private async Task<long> AuthFailedRowsAsync() =>
        await system.QueryAsync<long>("SELECT count(*) FROM audit_log WHERE action = 'auth_failed'");

    private Task ShouldBeAuditedAsync(TestClient client, string reason) => Eventually.TrueAsync(
        $"auth_failed with {reason}",
        async () => await system.QueryAsync<long>(
            "SELECT count(*) FROM audit_log WHERE client_id = $1 AND action = 'auth_failed' AND metadata->>'reason' = $2",
            client.Client.Id.Value,
            reason) > 0);
}
