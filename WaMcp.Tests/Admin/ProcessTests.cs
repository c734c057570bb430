namespace WaMcp.Tests.Admin;

/// <summary>The built program, as scripts and runbooks start it.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task CreatesAClientAndMintsAKey()
    {
        var console = await AdminConsole.StartAsync();

        var created = await console.RunProcessAsync(["clients", "create", "--name", "acme", "--display-name", "Ácme ✓", "--output", "json"]);
        created.ExitCode.ShouldBe(0, created.Err);
        created.Err.ShouldBeEmpty();
        created.Json.GetProperty("displayName").GetString().ShouldBe("Ácme ✓");

        var minted = await console.RunProcessAsync(["keys", "mint", "--client", "acme", "--label", "CI", "--scopes", "tools:ping"]);
        minted.ExitCode.ShouldBe(0, minted.Err);
        minted.Out.ShouldMatch("^key_[0-9a-z]{26} [a-z2-7]{12}\n$");
        minted.ErrLines.Length.ShouldBe(2);
        minted.ErrLines[1].ShouldMatch("^wamcp_live_[a-z2-7]{40}$");
    }

    [Fact]
    public async Task ReadsACredentialFromStandardInput()
    {
        var console = await AdminConsole.StartAsync();
        var file = Path.Combine(Infrastructure.RunFolder.Create("credentials"), "secret");
        await File.WriteAllTextAsync(file, "0123456789abcdef");

        var run = await console.RunProcessAsync(
            ["channels", "add", "--name", "own", "--phone-number-id", "1", "--display-phone", "+1", "--access-token-file", "-", "--app-secret-file", file, "--output", "json"],
            input: "EAAGfromstdin\n");

        run.ExitCode.ShouldBe(0, run.Out + run.Err);
        run.Json.GetProperty("profile").GetString().ShouldBe("byoa");
    }

    [Fact]
    public async Task FailsWithTheExitCodeOfTheFailure()
    {
        var console = await AdminConsole.StartAsync();

        (await console.RunProcessAsync(["clients", "disable", "nobody"])).ShouldFail(3, "'nobody'");
        (await console.RunProcessAsync(["clients", "create"])).ShouldFail(2, "--name");
    }
}
