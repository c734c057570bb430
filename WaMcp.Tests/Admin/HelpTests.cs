using System.CommandLine;
using WaMcp.Admin;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Tests.Admin;

public sealed class HelpTests
{
    public static TheoryData<string> EveryCommand()
    {
        var paths = new TheoryData<string>();
        Collect("", new AdminCommand());
        return paths;

        void Collect(string path, Command command)
        {
            paths.Add(path);
            foreach (var child in command.Subcommands)
            {
                Collect($"{path} {child.Name}".Trim(), child);
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryCommand))]
    public async Task SaysThePurposeExamplesAndExitCodes(string path)
    {
        var run = await HelpAsync(path);

        run.ExitCode.ShouldBe(0);
        run.Err.ShouldBeEmpty();
        run.Out.ShouldContain($"admin {path}".Trim());
        run.Out.ShouldContain("Examples:");
        run.Out.ShouldContain("Exit codes:");
        run.Out.ShouldContain("--output");
    }

    [Fact]
    public void ExamplesAreCommandLinesThatParse()
    {
        var root = new AdminCommand();
        var examples = root.Subcommands.SelectMany(noun => noun.Subcommands).Append(root).Concat(root.Subcommands)
            .SelectMany(command => ((IHasExamples)command).Examples)
            .Where(example => example.StartsWith("admin ", StringComparison.Ordinal))
            .Select(example => example.Replace("\\\n", "", StringComparison.Ordinal).Replace('\'', '"').Split('|')[0]["admin ".Length..]);

        foreach (var example in examples)
        {
            root.Parse(example).Errors.ShouldBeEmpty(example);
        }
    }

    [Fact]
    public async Task TheVersionIsTheConsolesOwn()
    {
        var run = await AdminConsole.RunAsync(["--version"], new Dictionary<string, string?>());

        run.ExitCode.ShouldBe(0);
        run.Out.ShouldMatch(@"^\d+\.\d+\.\d+");
    }

    [Fact]
    public async Task RootHelpSaysWhereTheConfigurationComesFrom()
    {
        var run = await HelpAsync("");

        run.Out.ShouldContain("ConnectionStrings__wamcp");
        run.Out.ShouldContain("/run/secrets");
        run.Out.ShouldContain("api_key_pepper");
    }

    private static Task<ConsoleRun> HelpAsync(string path) =>
        AdminConsole.RunAsync([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"], new Dictionary<string, string?>());
}
