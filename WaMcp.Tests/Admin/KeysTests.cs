using System.Text.RegularExpressions;
using WaMcp.Domain.Access;

namespace WaMcp.Tests.Admin;

public sealed partial class KeysTests
{
    private static readonly string[] Mint = ["keys", "mint", "--client", "acme", "--label", "CRM agent", "--scopes", "tools:send_message,numbers:support"];

    [Fact]
    public async Task MintPrintsTheTokenOnceOnStandardErrorAndItsIdAndPrefixOnStandardOutput()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        var run = await console.RunAsync([.. Mint, "--expires", "90d", "--rpm", "30", "--daily", "250"]);

        run.ExitCode.ShouldBe(0);
        run.ErrLines.Length.ShouldBe(2);
        run.ErrLines[0].ShouldContain("only time");
        var token = run.ErrLines[1];
        token.ShouldMatch("^wamcp_live_[a-z2-7]{40}$");
        TokenShape().Count(run.Out + run.Err).ShouldBe(1);
        run.Out.ShouldMatch($"^key_[0-9a-z]{{26}} {token.Substring("wamcp_live_".Length, 12)}\n$");
    }

    [Fact]
    public async Task MintAsJsonKeepsTheTokenOnStandardErrorOnly()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        var channel = (await console.DoAsync("channels", "list"))[0].GetProperty("id").GetString();

        var run = await console.RunAsync([.. Mint, "--expires", "24h", "--rpm", "30", "--daily", "250", "--env", "test", "--output", "json"]);

        run.ExitCode.ShouldBe(0);
        TokenShape().Count(run.Out).ShouldBe(0);
        var token = TokenShape().Match(run.Err).Value;
        token.ShouldStartWith("wamcp_test_");
        run.Out.ShouldNotContain(token[^28..]);
        run.Json.GetProperty("id").GetString().ShouldStartWith("key_");
        run.Json.GetProperty("prefix").GetString().ShouldBe(token.Substring("wamcp_test_".Length, 12));
        run.Json.GetProperty("client").GetString().ShouldBe("acme");
        run.Json.GetProperty("label").GetString().ShouldBe("CRM agent");
        run.Json.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()).ShouldBe(["tools:send_message", $"numbers:{channel}"]);
        run.Json.GetProperty("rpmLimit").GetInt32().ShouldBe(30);
        run.Json.GetProperty("dailyMessageLimit").GetInt32().ShouldBe(250);
        (run.Json.GetProperty("expiresAt").GetDateTimeOffset() - run.Json.GetProperty("createdAt").GetDateTimeOffset()).ShouldBe(TimeSpan.FromHours(24));
    }

    [Fact]
    public async Task TheTokenIsNeverInTheDatabase()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        var token = TokenShape().Match((await console.RunAsync(Mint)).Err).Value;

        KeyToken.TryParse(token, out var parsed).ShouldBeTrue();
        var everything = await WholeDatabase.TextAsync(console.Database);
        everything.ShouldContain(parsed.Prefix);
        everything.ShouldNotHold(token, token[^KeyToken.SecretLength..]);
    }

    [Fact]
    public async Task KeysAreListedAndRevokedByIdAndByPrefix()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        await console.DoAsync("clients", "create", "--name", "other", "--display-name", "Other");
        var first = await console.DoAsync(Mint);
        var second = await console.DoAsync("keys", "mint", "--client", "other", "--label", "second", "--scopes", "tools:ping");
        first.GetProperty("rpmLimit").GetInt32().ShouldBe(60);
        first.GetProperty("dailyMessageLimit").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);

        (await console.DoAsync("keys", "list")).GetArrayLength().ShouldBe(2);
        (await console.DoAsync("keys", "list", "--client", "other"))[0].GetProperty("label").GetString().ShouldBe("second");
        var table = await console.RunAsync("keys", "list", "--client", "acme");
        table.Lines.Length.ShouldBe(2);
        table.Lines[1].ShouldStartWith($"{first.GetProperty("id").GetString()}  {first.GetProperty("prefix").GetString()}  acme    CRM agent  active");

        (await console.RunAsync("keys", "revoke", first.GetProperty("id").GetString()!)).Lines[1].ShouldContain("revoked");
        (await console.DoAsync("keys", "revoke", second.GetProperty("prefix").GetString()!)).GetProperty("state").GetString().ShouldBe("revoked");
        (await console.DoAsync("keys", "list")).EnumerateArray().ShouldAllBe(key => key.GetProperty("state").GetString() == "revoked");
    }

    [Fact]
    public async Task AKeyPastItsTimeIsListedAsExpired()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        await console.DoAsync([.. Mint, "--expires", "30m"]);
        await console.Database.ReadAsync<object>("UPDATE api_keys SET expires_at = now() - interval '1 second'");

        (await console.DoAsync("keys", "list"))[0].GetProperty("state").GetString().ShouldBe("expired");
    }

    [Fact]
    public async Task WildcardScopesAreForTheOwnerOnly()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        await console.DoAsync("clients", "create", "--name", "us", "--display-name", "Us", "--owner");

        (await console.RunAsync("keys", "mint", "--client", "acme", "--label", "x", "--scopes", "tools:*")).ShouldFail(2, "--scopes: 'tools:*' is a wildcard", "owner");
        (await console.RunAsync("keys", "mint", "--client", "acme", "--label", "x", "--scopes", "tools:ping,numbers:*")).ShouldFail(2, "'numbers:*'");
        var minted = await console.DoAsync("keys", "mint", "--client", "us", "--label", "x", "--scopes", "tools:*,numbers:*");
        minted.GetProperty("scopes").GetArrayLength().ShouldBe(2);
        (await console.DoAsync("keys", "list")).GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData("tools:sendmessage", "'sendmessage' is not a tool")]
    [InlineData("send_message", "'send_message' is not a scope")]
    [InlineData("phones:support", "'phones:support' is not a scope")]
    [InlineData("tools:", "'tools:' is not a scope")]
    [InlineData(",", "at least one scope")]
    public async Task AnUnknownScopeIsRefused(string scopes, string problem)
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        (await console.RunAsync("keys", "mint", "--client", "acme", "--label", "x", "--scopes", scopes)).ShouldFail(2, "--scopes:", problem);
    }

    [Fact]
    public async Task AScopeOnAnUnknownChannelIsNotFound()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        (await console.RunAsync("keys", "mint", "--client", "acme", "--label", "x", "--scopes", "numbers:nowhere")).ShouldFail(3, "channel 'nowhere'");
        (await console.RunAsync("keys", "mint", "--client", "nobody", "--label", "x", "--scopes", "tools:ping")).ShouldFail(3, "client 'nobody'");
        (await console.RunAsync("keys", "revoke", "abcdefghijkl")).ShouldFail(3, "key 'abcdefghijkl'", "admin keys list");
    }

    [Theory]
    [InlineData("--expires", "90x", "'90x' is not a duration")]
    [InlineData("--expires", "d", "'d' is not a duration")]
    [InlineData("--expires", "-1d", "'-1d' is not a duration")]
    [InlineData("--expires", "1.5h", "'1.5h' is not a duration")]
    [InlineData("--expires", "99999999d", "at most 36500d")]
    [InlineData("--expires", "0d", "future")]
    [InlineData("--rpm", "fast", "'fast' is not a whole number")]
    [InlineData("--rpm", "0", "1 to 100000")]
    [InlineData("--daily", "x", "'x' is not a whole number")]
    [InlineData("--daily", "-1", "0 or more")]
    [InlineData("--env", "prod", "'prod' is not one of live, test")]
    [InlineData("--label", " ", "1 to 200 characters")]
    public async Task AWrongValueIsRefusedByTheNameOfItsOption(string option, string value, string problem)
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        string[] mint = option == "--label" ? [.. Mint[..4], .. Mint[6..]] : Mint;

        var run = await console.RunAsync([.. mint, option, value]);

        run.ShouldFail(2, $"{option}:", problem);
        TokenShape().Count(run.Err).ShouldBe(0);
        (await console.DoAsync("keys", "list")).GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData(null, "api_key_pepper is not set")]
    [InlineData("c2hvcnQ=", "32 bytes in base64")]
    public async Task MintWithoutAPepperIsMisconfigured(string? pepper, string problem)
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();

        var run = await console.RunWithAsync("api_key_pepper", pepper, Mint);

        run.ShouldFail(1, problem);
        (await console.RunWithAsync("api_key_pepper", pepper, "clients", "list")).ExitCode.ShouldBe(0);
    }

    [GeneratedRegex("wamcp_(live|test)_[a-z2-7]{40}")]
    private static partial Regex TokenShape();
}
