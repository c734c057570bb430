namespace WaMcp.Tests.Admin;

/// <summary>Wrong command lines: none of these gets as far as the database.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("clients bogus", "'bogus' is not a command of `admin clients`. Commands: create, list, disable, enable, retention.")]
    [InlineData("bogus", "'bogus' is not a command of `admin`. Commands: clients, channels, grants, keys, pepper, contacts, messages, inbound, endpoints, deadletters, retention, audit, db.")]
    [InlineData("clients create --nmae acme --display-name x", "--nmae: `admin clients create` has no such option. `admin clients create --help` lists the options.")]
    [InlineData("clients list --bogus=hunter2", "--bogus: `admin clients list` has no such option.")]
    [InlineData("--bogus", "--bogus: `admin` has no such option.")]
    [InlineData("clients create", "--name, --display-name: missing. `admin clients create --help` shows examples.")]
    [InlineData("clients create --name acme", "--display-name: missing.")]
    [InlineData("clients create --display-name x --name", "--name: needs a value.")]
    [InlineData("clients create --name a --name b --display-name x", "--name: was given more than once. Give it once.")]
    [InlineData("clients disable", "<client>: missing.")]
    [InlineData("clients list extra", "'extra' is one word too many for `admin clients list`.")]
    [InlineData("keys mint --client acme --label x", "--scopes: missing.")]
    [InlineData("grants add --client acme --tools ping", "--phone: missing.")]
    [InlineData("clients list --output yaml", "--output: 'yaml' is not one of table, json.")]
    [InlineData("clients list -- nonsense", "'nonsense' after -- is not a setting. Write settings as key=value")]
    public async Task IsOneLineThatNamesTheMistake(string commandLine, string message)
    {
        var run = await AdminConsole.RunAsync(commandLine.Split(' '), new Dictionary<string, string?>());

        run.ShouldFail(2, message);
        run.Err.ShouldNotContain("hunter2");
    }

    [Theory]
    [InlineData("")]
    [InlineData("clients")]
    public async Task WithoutACommandTheHelpIsShownAndTheExitCodeSaysSo(string commandLine)
    {
        var run = await AdminConsole.RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries), new Dictionary<string, string?>());

        run.ExitCode.ShouldBe(2);
        run.Out.ShouldContain("Usage:");
        run.ErrLines.ShouldHaveSingleItem().ShouldContain("needs a command");
    }

    [Theory]
    [InlineData("clients create --output json", "name")]
    [InlineData("--output json clients create --bogus", "bogus")]
    [InlineData("clients --output json disable", "client")]
    [InlineData("grants add --output=json --client acme --phone support --tools ping --daily-cap many", "daily-cap")]
    [InlineData("clients --output json", null)]
    public async Task AsJsonIsOneErrorObjectOnStandardOutput(string commandLine, string? field)
    {
        var run = await AdminConsole.RunAsync(commandLine.Split(' '), new Dictionary<string, string?>());

        run.ExitCode.ShouldBe(2);
        run.Err.ShouldBeEmpty();
        run.Error.GetProperty("code").GetString().ShouldBe("invalid_input");
        run.Error.GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
        run.Error.GetProperty("nextAction").GetString().ShouldNotBeNullOrEmpty();
        (run.Error.TryGetProperty("field", out var named) ? named.GetString() : null).ShouldBe(field);
    }

    [Fact]
    public async Task AValueThatBeginsWithAnAtSignIsAValue()
    {
        var console = await AdminConsole.StartAsync();

        var created = await console.DoAsync("clients", "create", "--name", "acme", "--display-name", "@acme");

        created.GetProperty("displayName").GetString().ShouldBe("@acme");
    }
}
