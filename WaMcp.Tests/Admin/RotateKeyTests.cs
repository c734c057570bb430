using Microsoft.AspNetCore.Http;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Admin;

/// <summary>Keys over their whole life: minted, used, rotated, revoked, by the console against a running server.</summary>
public sealed class RotateKeyTests : IAsyncLifetime
{
    private readonly ManualClock clock = new(DateTimeOffset.UtcNow);
    private WaMcpSystem system = null!;
    private AdminConsole console = null!;

    public async Task InitializeAsync()
    {
        system = await WaMcpSystem.StartWithClockAsync(clock);
        console = AdminConsole.Of(system);
        await console.DoAsync("clients", "create", "--name", "acme", "--display-name", "Acme");
    }

    public async Task DisposeAsync() => await system.DisposeAsync();

    [Fact]
    public async Task MintedUsedRevokedAndThen401()
    {
        var (id, token) = await MintAsync();
        await ShouldBeAsync(StatusCodes.Status200OK, token, token);
        await Eventually.TrueAsync("last used is listed", async () =>
            (await console.DoAsync("keys", "list"))[0].TryGetProperty("lastUsedAt", out var used) && used.ValueKind == System.Text.Json.JsonValueKind.String);

        await console.DoAsync("keys", "revoke", id);

        await ShouldBeAsync(StatusCodes.Status401Unauthorized, token, token);
    }

    [Fact]
    public async Task BothKeysWorkInTheGraceAndTheOldOneStopsAtItsEnd()
    {
        var (id, old) = await MintAsync();
        await ShouldBeAsync(StatusCodes.Status200OK, old, old);

        var run = await console.RunAsync("keys", "rotate", id);

        run.ExitCode.ShouldBe(0, run.Err);
        run.ErrLines[0].ShouldMatch($@"^The old key {old[11..23]} works until \d{{4}}-\d\d-\d\d \d\d:\d\dZ\.$");
        var fresh = run.ErrLines[^1];
        run.Out.ShouldMatch($@"^key_\w{{26}} {fresh[11..23]}\n$");
        await ShouldBeAsync(StatusCodes.Status200OK, old, fresh, old, fresh);
        clock.Now = (await system.QueryAsync<DateTime>("SELECT expires_at FROM api_keys WHERE replaced_by IS NOT NULL")) - TimeSpan.FromMinutes(1);
        await ShouldBeAsync(StatusCodes.Status200OK, old, fresh);
        clock.Now += TimeSpan.FromMinutes(2);
        await ShouldBeAsync(StatusCodes.Status401Unauthorized, old, old);
        await ShouldBeAsync(StatusCodes.Status200OK, fresh);
    }

    [Fact]
    public async Task ANewKeyIsLikeTheOldOneAndTheListShowsTheChange()
    {
        var (id, token) = await MintAsync("--expires", "90d", "--rpm", "17", "--daily", "3", "--env", "test");
        var rotated = await console.DoAsync("keys", "rotate", token[11..23], "--grace", "2h");

        var keys = (await console.DoAsync("keys", "list")).EnumerateArray().ToArray();
        var (old, fresh) = (keys[0], keys[1]);
        old.GetProperty("id").GetString().ShouldBe(id);
        old.GetProperty("state").GetString().ShouldBe("grace");
        old.GetProperty("replacedBy").GetString().ShouldBe(rotated.GetProperty("id").GetString());
        (old.GetProperty("expiresAt").GetDateTimeOffset() - fresh.GetProperty("createdAt").GetDateTimeOffset()).ShouldBe(TimeSpan.FromHours(2), TimeSpan.FromSeconds(1));
        foreach (var same in new[] { "client", "label", "environment", "scopes", "rpmLimit", "dailyMessageLimit" })
        {
            fresh.GetProperty(same).ToString().ShouldBe(old.GetProperty(same).ToString());
        }

        fresh.GetProperty("state").GetString().ShouldBe("active");
        (fresh.GetProperty("expiresAt").GetDateTimeOffset() - fresh.GetProperty("createdAt").GetDateTimeOffset()).ShouldBe(TimeSpan.FromDays(90), TimeSpan.FromSeconds(1));
        (await system.QueryAsync<string>("SELECT metadata ->> 'replacedBy' FROM audit_log WHERE action = 'key_rotated'"))
            .ShouldBe(fresh.GetProperty("id").GetString());
    }

    [Fact]
    public async Task WithoutAGraceTheOldKeyStopsAtOnce()
    {
        var (id, token) = await MintAsync();
        await ShouldBeAsync(StatusCodes.Status200OK, token, token);
        (await console.RunAsync("keys", "rotate", id, "--grace", "0d")).ErrLines[0].ShouldBe($"The old key {token[11..23]} is refused from now on.");
        clock.Now -= TimeSpan.FromMinutes(2); // a server whose clock is behind the console's
        await ShouldBeAsync(StatusCodes.Status401Unauthorized, token, token);
        (await console.DoAsync("keys", "list"))[0].GetProperty("state").GetString().ShouldBe("rotated");
    }

    [Fact]
    public async Task OnlyALivingKeyIsRotatedAndOnlyOnce()
    {
        var (id, _) = await MintAsync();
        var successor = (await console.DoAsync("keys", "rotate", id)).GetProperty("prefix").GetString()!;
        (await console.RunAsync("keys", "rotate", id)).ShouldFail(4, "was rotated already", successor);
        await console.DoAsync("keys", "revoke", successor);
        (await console.RunAsync("keys", "rotate", successor)).ShouldFail(4, "was revoked");
        (await console.RunAsync("keys", "rotate", "key_01m80jv8vtfpttj1xy2m2frjgd")).ShouldFail(3, "No key");
        (await console.RunAsync("keys", "rotate", id, "--grace", "31d")).ShouldFail(2, "--grace: must be 0 to 30 days");
    }

    [Fact]
    public async Task AWholeTokenInThePlaceOfAKeyIsNotRepeated()
    {
        var (_, token) = await MintAsync();
        var run = await console.RunAsync("keys", "revoke", token);
        run.ShouldFail(3, token[11..23]);
        run.Err.ShouldNotContain(token[23..]);
    }

    [Fact]
    public async Task ARedisThatIsAwayMakesARevocationWaitUntilItIsInForce()
    {
        var (id, token) = await MintAsync();
        await ShouldBeAsync(StatusCodes.Status200OK, token, token);
        console.Settings["ConnectionStrings:redis"] = new LocalRedis().ConnectionString; // the servers still reach theirs

        var run = await console.RunAsync("keys", "revoke", id);

        run.ExitCode.ShouldBe(0, run.Err);
        run.ErrLines[0].ShouldBe("Redis does not answer; waiting 5.2 s, until no server trusts what it has cached.");
        await ShouldBeAsync(StatusCodes.Status401Unauthorized, token, token);
    }

    [Fact]
    public async Task OfTwoOperatorsWhoRotateAtTheSameMomentOneIsToldSo()
    {
        for (var round = 0; round < 5; round++)
        {
            var (id, _) = await MintAsync();
            var runs = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => console.RunAsync("keys", "rotate", id))));
            runs.Count(run => run.ExitCode == 0).ShouldBe(1);
            runs.Where(run => run.ExitCode != 0).ShouldAllBe(run => run.ExitCode == 4);
        }
    }

    [Fact]
    public async Task WhatACommandReportsIsSoUnlessItSaysOtherwise()
    {
        for (var round = 0; round < 5; round++)
        {
            var runs = await Task.WhenAll(Task.Run(() => console.RunAsync("clients", "disable", "acme")), Task.Run(() => console.RunAsync("clients", "enable", "acme")));
            runs.ShouldContain(run => run.ExitCode == 0);
            runs.ShouldAllBe(run => run.ExitCode == 0 || run.ExitCode == 4);
            var last = await system.QueryAsync<string>("SELECT action FROM audit_log WHERE action IN ('client_disabled', 'client_enabled') ORDER BY id DESC LIMIT 1");
            (await system.QueryAsync<bool>("SELECT disabled_at IS NOT NULL FROM clients WHERE slug = 'acme'")).ShouldBe(last == "client_disabled");
        }
    }

    private async Task<(string Id, string Token)> MintAsync(params string[] options)
    {
        var run = await console.RunAsync(["keys", "mint", "--client", "acme", "--label", "agent", "--scopes", "tools:ping", .. options]);
        run.ExitCode.ShouldBe(0, run.Err);
        return (run.Out.Split(' ')[0], run.ErrLines[^1]);
    }

    private async Task ShouldBeAsync(int status, params string[] tokens)
    {
        foreach (var token in tokens)
        {
            (await system.Mcp(token).CallAsync("ping")).Status.ShouldBe(status);
        }
    }
}
