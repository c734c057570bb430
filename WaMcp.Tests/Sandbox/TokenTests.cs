using System.Net;
using WaMcp.Sandbox.Control;

namespace WaMcp.Tests.Sandbox;

public sealed class TokenTests(SandboxHost sandbox) : SandboxTests(sandbox)
{
    [Theory]
    [InlineData(null, 104)]
    [InlineData("wrong", 190)]
    public async Task RefusesWithoutAValidToken(string? token, int code)
    {
        using var http = Sandbox.NewClient(token);
        var answer = await SandboxHost.ReadAsync(await http.GetAsync($"/v25.0/{SandboxHost.Support}"));

        answer.Status.ShouldBe(HttpStatusCode.Unauthorized);
        answer.Code.ShouldBe(code);
        answer.Headers.WwwAuthenticate.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task TokensCanBeAddedRevokedAndExpire()
    {
        var token = await AddAsync(new TokenOrder());
        (await ReadWithAsync(token)).Status.ShouldBe(HttpStatusCode.OK);
        await AddAsync(new TokenOrder { Token = token, Revoked = true });
        (await ReadWithAsync(token)).Error.GetProperty("error_subcode").GetInt32().ShouldBe(460);
        await AddAsync(new TokenOrder { Token = token, ExpiresInMs = 0 });
        (await ReadWithAsync(token)).Error.GetProperty("error_subcode").GetInt32().ShouldBe(463);
        await Sandbox.ResetAsync();
        (await ReadWithAsync(token)).Code.ShouldBe(190);
    }

    [Fact]
    public async Task ATokenSeesOnlyItsAccounts()
    {
        (await Sandbox.PostAsync("/control/whatsapp/numbers", new NumberOrder
        {
            PhoneNumberId = "100000000000009",
            DisplayNumber = "+49 30 5550109",
            VerifiedName = "Other",
            AccountId = "200000000000009",
            AccountName = "Other",
        })).Status.ShouldBe(HttpStatusCode.OK);
        var token = await AddAsync(new TokenOrder { AccountIds = ["200000000000009"] });
        using var http = Sandbox.NewClient(token);

        (await SandboxHost.ReadAsync(await http.GetAsync("/v25.0/100000000000009"))).Status.ShouldBe(HttpStatusCode.OK);
        var foreign = await SandboxHost.ReadAsync(await http.GetAsync($"/v25.0/{SandboxHost.Support}"));
        foreign.Status.ShouldBe(HttpStatusCode.BadRequest);
        foreign.Error.GetProperty("error_subcode").GetInt32().ShouldBe(33);
    }

    [Fact]
    public async Task DebugTokenTellsScopesAndTargets()
    {
        var token = await AddAsync(new TokenOrder { AccountIds = [SandboxHost.Account] });
        var data = (await Sandbox.GetAsync($"/v25.0/debug_token?input_token={token}")).Json.GetProperty("data");

        data.GetProperty("is_valid").GetBoolean().ShouldBeTrue();
        data.GetProperty("expires_at").GetInt64().ShouldBe(0);
        data.GetProperty("granular_scopes").EnumerateArray().ShouldAllBe(scope => scope.GetProperty("target_ids")[0].GetString() == SandboxHost.Account);
        var unknown = (await Sandbox.GetAsync("/v25.0/debug_token?input_token=unknown")).Json.GetProperty("data");
        unknown.GetProperty("is_valid").GetBoolean().ShouldBeFalse();
        unknown.GetProperty("error").GetProperty("code").GetInt32().ShouldBe(190);
        using var app = Sandbox.NewClient(null);
        var byApp = await SandboxHost.ReadAsync(await app.GetAsync($"/v25.0/debug_token?input_token={token}&access_token=300000000000001|{SandboxHost.AppSecret}"));
        byApp.Json.GetProperty("data").GetProperty("is_valid").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task ACodeIsGoodOnceAndOnlyWithTheAppSecret()
    {
        var answer = (await Sandbox.PostAsync("/control/tokens", new TokenOrder { WithCode = true })).Json;
        var code = answer.GetProperty("code").GetString();
        using var http = Sandbox.NewClient(null);

        (await ExchangeAsync("wrong")).Code.ShouldBe(1);
        var exchanged = await ExchangeAsync(SandboxHost.AppSecret);
        exchanged.Json.GetProperty("access_token").GetString().ShouldBe(answer.GetProperty("token").GetString());
        (await ExchangeAsync(SandboxHost.AppSecret)).Code.ShouldBe(100);

        async Task<SandboxAnswer> ExchangeAsync(string secret) =>
            await SandboxHost.ReadAsync(await http.GetAsync($"/v25.0/oauth/access_token?client_id=300000000000001&client_secret={secret}&code={code}"));
    }

    [Fact]
    public async Task NoSecretIsRecordedOrReported()
    {
        await Sandbox.SendTextAsync("x");
        await Sandbox.PostAsync($"/v25.0/{SandboxHost.Support}/register", new { messaging_product = "whatsapp", pin = "123456" });
        await Sandbox.GetAsync($"/v25.0/debug_token?input_token={SandboxHost.Token}");
        await Sandbox.GetAsync($"/v25.0/oauth/access_token?client_id=1&client_secret={SandboxHost.AppSecret}&code=c0de");
        var told = await Sandbox.Http.GetStringAsync("/control/requests") + await Sandbox.Http.GetStringAsync("/control/state")
            + await Sandbox.Http.GetStringAsync("/control/whatsapp/webhooks");

        told.ShouldNotContain(SandboxHost.Token);
        told.ShouldNotContain(SandboxHost.AppSecret);
        told.ShouldNotContain(SandboxHost.VerifyToken);
        told.ShouldNotContain("123456\"");
        told.ShouldNotContain("c0de");
        told.ShouldContain("debug_token");
    }

    private async Task<string> AddAsync(TokenOrder order) => (await Sandbox.PostAsync("/control/tokens", order)).Json.GetProperty("token").GetString()!;

    private async Task<SandboxAnswer> ReadWithAsync(string token)
    {
        using var http = Sandbox.NewClient(token);
        return await SandboxHost.ReadAsync(await http.GetAsync($"/v25.0/{SandboxHost.Support}"));
    }
}
