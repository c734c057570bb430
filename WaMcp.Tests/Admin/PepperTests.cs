using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Admin;

/// <summary>The pepper, rotated at the console while the server runs.</summary>
public sealed class PepperTests : IAsyncLifetime
{
    private readonly string secrets = RunFolder.Create("secrets");
    private readonly string first = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private WaMcpSystem system = null!;
    private AdminConsole console = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(PathOf("api_key_pepper"), first);
        system = await WaMcpSystem.StartAsync(null, ("api_key_pepper", null), ("Secrets:Directory", secrets));
        console = AdminConsole.Of(system, secrets);
        await console.DoAsync("clients", "create", "--name", "acme", "--display-name", "Acme");
    }

    public async Task DisposeAsync() => await system.DisposeAsync();

    [Fact]
    public async Task ASoftRotationMovesEveryKeyOverWhenItIsUsed()
    {
        var (used, idle) = (await MintAsync(), await MintAsync());
        await ShouldBeAsync(StatusCodes.Status200OK, used);
        var old = (await StatusAsync()).GetProperty("current").GetString()!;

        var rotated = await console.RunAsync("pepper", "rotate", "--soft", "--window", "7d");

        rotated.ExitCode.ShouldBe(0, rotated.Err);
        rotated.Out.ShouldMatch($@"^Pepper [0-9a-f]{{8}} is current\. 2 keys depend on {old} until \d{{4}}-\d\d-\d\d \d\d:\d\dZ, unless they are used before");
        Keys(await StatusAsync()).ShouldBe((0, "accepted", 2));
        await ShouldBeAsync(StatusCodes.Status200OK, used, await MintAsync());
        Keys(await StatusAsync()).ShouldBe((2, "accepted", 1));
        var waiting = (await StatusAsync()).GetProperty("waiting").EnumerateArray().ShouldHaveSingleItem();
        idle.ShouldContain(waiting.GetProperty("prefix").GetString()!);
        await ShouldBeAsync(StatusCodes.Status200OK, idle, used);
        Keys(await StatusAsync()).ShouldBe((3, "accepted", 0));
        (await console.RunAsync("pepper", "status")).Out.ShouldMatch($@"^[0-9a-f]{{8}}  current  3 keys\n{old}  accepted until .*Z  0 keys\n$");
    }

    [Fact]
    public async Task WhatIsNotUsedBeforeTheWindowEndsIsRefused()
    {
        var token = await MintAsync();
        await console.DoAsync("pepper", "rotate", "--soft");
        await system.QueryAsync<object>("UPDATE retired_peppers SET accepted_until = now()");

        await ShouldBeAsync(StatusCodes.Status401Unauthorized, token);
        await Eventually.TrueAsync("the reason", async () => await system.QueryAsync<string>(
            "SELECT metadata ->> 'reason' FROM audit_log WHERE action = 'auth_failed' ORDER BY id DESC LIMIT 1") == "pepper_retired");
    }

    [Fact]
    public async Task ASecondRotationWaitsForTheKeysOfTheFirst()
    {
        var token = await MintAsync();
        await console.DoAsync("pepper", "rotate", "--soft");
        (await console.RunAsync("pepper", "rotate", "--soft")).ShouldFail(4, "The last rotation is not over: 1 keys");

        await ShouldBeAsync(StatusCodes.Status200OK, token);
        await console.DoAsync("pepper", "rotate", "--soft");
        await Eventually.TrueAsync("the key has moved over again", async () =>
        {
            await ShouldBeAsync(StatusCodes.Status200OK, token); // the server looks for new files fifty times a second at most
            return Keys(await StatusAsync()).Current == 1;
        });
    }

    [Fact]
    public async Task AServerThatMissedARotationDoesNotHashUnderAPepperThatIsGone()
    {
        await File.WriteAllTextAsync(PathOf("api_key_pepper.next"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        var other = await system.AddServerAsync(); // knows the first pepper, as the current one, and the second
        var token = await MintAsync();
        await console.DoAsync("pepper", "rotate", "--soft");
        await ShouldBeAsync(StatusCodes.Status200OK, token); // is under the second now
        await console.DoAsync("pepper", "rotate", "--soft");
        (await WaMcpSystem.Mcp(token, other).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK);

        await system.QueryAsync<object>("UPDATE retired_peppers SET accepted_until = now()"); // the windows are over
        (await system.QueryAsync<long>("SELECT count(*) FROM api_keys JOIN retired_peppers ON retired_peppers.id = pepper_id")).ShouldBe(0);
        (await WaMcpSystem.Mcp(token, other).CallAsync("ping")).Status.ShouldBe(StatusCodes.Status200OK);
        await ShouldBeAsync(StatusCodes.Status200OK, token);
    }

    [Fact]
    public async Task ARotationThatWasInterruptedBeforeTheFilesWereSwitchedCutsNobodyOff()
    {
        var token = await MintAsync();
        await console.DoAsync("pepper", "rotate", "--soft");
        File.Move(PathOf("api_key_pepper"), PathOf("api_key_pepper.next")); // as if it had been killed before
        File.Copy(PathOf("api_key_pepper.previous"), PathOf("api_key_pepper"));

        await ShouldBeAsync(StatusCodes.Status200OK, token);
        (await console.RunAsync("pepper", "status")).Out.ShouldContain("rotated away: this machine has an old file");
        (await StatusAsync()).GetProperty("currentIsRetired").GetBoolean().ShouldBeTrue();
        (await console.RunAsync("keys", "mint", "--client", "acme", "--label", "x", "--scopes", "tools:ping")).ShouldFail(1, "was rotated away", "api_key_pepper");

        File.Move(PathOf("api_key_pepper.next"), PathOf("api_key_pepper"), overwrite: true);
        await ShouldBeAsync(StatusCodes.Status200OK, await MintAsync(), token);
        (await StatusAsync()).GetProperty("currentIsRetired").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task ARotationThatWasNeverRecordedMustBeBeforeTheNext()
    {
        await MintAsync();
        await File.WriteAllTextAsync(PathOf("api_key_pepper.previous"), first);
        await File.WriteAllTextAsync(PathOf("api_key_pepper"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        (await console.RunAsync("pepper", "rotate", "--soft")).ShouldFail(4, "was never recorded, and 1 keys depend on the pepper before", "--installed");
        (await File.ReadAllTextAsync(PathOf("api_key_pepper.previous"))).ShouldBe(first);
    }

    [Fact]
    public async Task OfTwoOperatorsWhoRotateAtTheSameMomentOneIsToldSo()
    {
        await MintAsync();
        var runs = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => console.RunAsync("pepper", "rotate", "--soft"))));
        runs.Count(run => run.ExitCode == 0).ShouldBe(1);
        runs.Where(run => run.ExitCode != 0).ShouldAllBe(run => run.ExitCode == 4);
        Keys(await StatusAsync()).ShouldBe((0, "accepted", 1));
    }

    [Fact]
    public async Task TheFilesStayWhoseTheyWere()
    {
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", "nobody", PathOf("api_key_pepper"));
        }

        await RunAsync("chmod", "666", PathOf("api_key_pepper")); // which the umask would not let through
        var before = await OwnerAsync(PathOf("api_key_pepper"));
        await console.DoAsync("pepper", "rotate", "--soft");
        foreach (var file in Directory.GetFiles(secrets))
        {
            (await OwnerAsync(file)).ShouldBe(before, file);
        }
    }

    [Fact]
    public async Task AHardRotationAsksAndThenEndsAllKeysAtOnce()
    {
        var token = await MintAsync();
        await ShouldBeAsync(StatusCodes.Status200OK, token, token);

        var unconfirmed = await console.RunProcessAsync(["pepper", "rotate", "--hard"], "yes\n");
        unconfirmed.ExitCode.ShouldBe(2);
        unconfirmed.Err.ShouldContain("This ends every key of every client at once");
        unconfirmed.Err.ShouldContain("was not confirmed; nothing was changed");
        await ShouldBeAsync(StatusCodes.Status200OK, token);

        var confirmed = await console.RunProcessAsync(["pepper", "rotate", "--hard"], "all keys\n");
        confirmed.ExitCode.ShouldBe(0, confirmed.Err);
        confirmed.Out.ShouldContain("All 1 keys are dead");
        await ShouldBeAsync(StatusCodes.Status401Unauthorized, token, token);
        File.Exists(PathOf("api_key_pepper.previous")).ShouldBeFalse();
        await ShouldBeAsync(StatusCodes.Status200OK, await MintAsync());
        (await system.QueryAsync<string>("SELECT metadata ->> 'mode' FROM audit_log WHERE action = 'pepper_rotated'")).ShouldBe("hard");
    }

    [Fact]
    public async Task AHardRotationEndsAnOpenWindowToo()
    {
        var token = await MintAsync();
        await console.DoAsync("pepper", "rotate", "--soft");
        await console.DoAsync("pepper", "rotate", "--hard", "--yes");
        await ShouldBeAsync(StatusCodes.Status401Unauthorized, token);
        (await StatusAsync()).GetProperty("others").EnumerateArray().ShouldAllBe(other => other.GetProperty("state").GetString() == "ended");
    }

    [Fact]
    public async Task AServerWithoutTheNewPepperGoesOnWithTheOldOneInItsWindow()
    {
        var token = await MintAsync();
        var current = (await StatusAsync()).GetProperty("current").GetString()!;
        await system.QueryAsync<object>("INSERT INTO retired_peppers VALUES ($1, now(), now() + interval '1 day')", current);
        await ShouldBeAsync(StatusCodes.Status200OK, token, token);
        (await system.QueryAsync<string>("SELECT pepper_id FROM api_keys")).ShouldBe(current);
    }

    [Fact]
    public async Task FilesThatCannotBeWrittenStopARotationBeforeItIsRecorded()
    {
        Directory.CreateDirectory(PathOf("api_key_pepper.previous"));
        (await console.RunWithAsync("api_key_pepper", first, "pepper", "rotate", "--soft")).ShouldFail(1, "cannot be written");
        (await system.QueryAsync<long>("SELECT count(*) FROM retired_peppers")).ShouldBe(0);
    }

    [Fact]
    public async Task AServerThatWasGivenTheNextPepperKnowsItBeforeItIsCurrent()
    {
        var next = RandomNumberGenerator.GetBytes(32);
        await File.WriteAllTextAsync(PathOf("api_key_pepper.next"), Convert.ToBase64String(next));
        var token = await MintAsync();
        var rotated = await console.DoAsync("pepper", "rotate", "--soft");

        rotated.GetProperty("newPepperId").GetString().ShouldBe(WaMcp.Domain.Access.Pepper.IdOf(next));
        (await File.ReadAllTextAsync(PathOf("api_key_pepper"))).ShouldBe(Convert.ToBase64String(next));
        (await File.ReadAllTextAsync(PathOf("api_key_pepper.previous"))).ShouldBe(first);
        File.Exists(PathOf("api_key_pepper.next")).ShouldBeFalse();
        await ShouldBeAsync(StatusCodes.Status200OK, token);
    }

    [Fact]
    public async Task FilesThatWereSwitchedByHandAreOnlyRecorded()
    {
        (await console.RunAsync("pepper", "rotate", "--soft", "--installed")).ShouldFail(1, "There is no api_key_pepper.previous");
        var token = await MintAsync();
        await File.WriteAllTextAsync(PathOf("api_key_pepper.previous"), first);
        await File.WriteAllTextAsync(PathOf("api_key_pepper"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        Keys(await StatusAsync()).ShouldBe((0, "unrecorded", 1));

        await console.DoAsync("pepper", "rotate", "--soft", "--installed");

        Keys(await StatusAsync()).ShouldBe((0, "accepted", 1));
        await ShouldBeAsync(StatusCodes.Status200OK, token);
        Keys(await StatusAsync()).Current.ShouldBe(1);
    }

    [Theory]
    [InlineData("say either --soft or --hard")]
    [InlineData("say either --soft or --hard", "--soft", "--hard")]
    [InlineData("must be up to 30 days", "--soft", "--window", "31d")]
    [InlineData("must be longer than nothing", "--soft", "--window", "0d")]
    [InlineData("belongs to --soft", "--hard", "--window", "7d")]
    public async Task WhatMakesNoSenseIsRefusedBeforeAnythingIsTouched(string problem, params string[] options)
    {
        (await console.RunAsync(["pepper", "rotate", .. options])).ShouldFail(2, problem);
        Directory.GetFiles(secrets).ShouldHaveSingleItem();
        (await File.ReadAllTextAsync(PathOf("api_key_pepper"))).ShouldBe(first);
    }

    [Fact]
    public async Task APepperFromElsewhereIsNotRotatedInTheFolder()
    {
        var other = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        (await console.RunWithAsync("api_key_pepper", other, "pepper", "rotate", "--soft")).ShouldFail(1, "The pepper in use is not the one in");
        (await console.RunWithAsync("Secrets:Directory", RunFolder.Create("empty"), "pepper", "rotate", "--soft")).ShouldFail(1, "api_key_pepper");
    }

    [Fact]
    public async Task NoPepperIsEverShown()
    {
        await MintAsync();
        var said = new List<ConsoleRun> { await console.RunAsync("pepper", "rotate", "--soft"), await console.RunAsync("pepper", "status") };
        var second = await File.ReadAllTextAsync(PathOf("api_key_pepper"));
        var audit = await system.QueryAsync<string>("SELECT string_agg(audit_log::text, ' ') FROM audit_log");
        foreach (var text in said.Select(run => run.Out + run.Err).Append(audit!).Append(system.Logs.Text))
        {
            text.ShouldNotContain(first);
            text.ShouldNotContain(second);
        }
    }

    private static (int Current, string? State, int Keys) Keys(JsonElement status)
    {
        var other = status.GetProperty("others").EnumerateArray().Last();
        return (status.GetProperty("keysOnCurrent").GetInt32(), other.GetProperty("state").GetString(), other.GetProperty("keys").GetInt32());
    }

    private static Task<string> OwnerAsync(string path) => RunAsync("stat", "--format=%U:%G %a", path);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        return await process.StandardOutput.ReadToEndAsync();
    }

    private string PathOf(string file) => Path.Combine(secrets, file);

    private Task<JsonElement> StatusAsync() => console.DoAsync("pepper", "status");

    private async Task<string> MintAsync()
    {
        var run = await console.RunAsync("keys", "mint", "--client", "acme", "--label", "x", "--scopes", "tools:ping", "--rpm", "1000");
        run.ExitCode.ShouldBe(0, run.Err);
        return run.ErrLines[^1];
    }

    private async Task ShouldBeAsync(int status, params string[] tokens)
    {
        foreach (var token in tokens)
        {
            (await system.Mcp(token).CallAsync("ping")).Status.ShouldBe(status);
        }
    }
}
