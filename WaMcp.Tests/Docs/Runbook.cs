using System.Text;
using System.Text.RegularExpressions;

namespace WaMcp.Tests.Docs;

/// <summary>
/// The console blocks of a page, as commands with what they print. A page whose outputs are no longer true can be brought up to date by
/// running its test with <c>WAMCP_UPDATE_DOCS=1</c>; what changed is then for a person to read.
/// </summary>
internal sealed partial class Runbook
{
    private readonly string path;
    private readonly List<string> lines;

    private Runbook(string path)
    {
        this.path = path;
        lines = [.. File.ReadAllLines(path)];
    }

    public static bool IsUpdate => Environment.GetEnvironmentVariable("WAMCP_UPDATE_DOCS") == "1";

    public static Runbook Read(string path) => new(path);

    /// <summary>Runs every command in order and compares, or writes, what it prints.</summary>
    public async Task RunAsync(Func<string, Task<string>> run)
    {
        var page = new StringBuilder();
        var inBlock = false;
        for (var index = 0; index < lines.Count; index++)
        {
            var line = lines[index];
            page.Append(line).Append('\n');
            inBlock = inBlock ? line != "```" : line == "```console";
            if (!inBlock || !line.StartsWith("$ ", StringComparison.Ordinal))
            {
                continue;
            }

            var printed = Masked(await run(line[2..]));
            var expected = lines.Skip(index + 1).TakeWhile(next => next != "```" && !next.StartsWith("$ ", StringComparison.Ordinal)).ToList();
            if (!IsUpdate)
            {
                Normal(printed).ShouldBe(Normal(string.Concat(expected.Select(each => each + "\n"))), $"{Path.GetFileName(path)}:{index + 1} {line}");
            }

            page.Append(printed);
            index += expected.Count;
        }

        if (IsUpdate)
        {
            await File.WriteAllTextAsync(path, page.ToString());
        }
    }

    // No page ever holds a working token.
    private static string Masked(string text) => Token().Replace(text, token => token.Value[..23] + new string('█', token.Length - 23));

    private static string Normal(string text) =>
        Time().Replace(Prefix().Replace(Id().Replace(text, "${kind}_ID"), "PREFIX"), "TIME");

    [GeneratedRegex("wamcp_(live|test)_[a-z2-7]{40}")]
    private static partial Regex Token();

    [GeneratedRegex("(?<kind>[a-z]{3})_[0-9a-z]{26}")]
    private static partial Regex Id();

    [GeneratedRegex(@"(?<![a-z2-7])[a-z2-7]{12}(?![a-z2-7])")]
    private static partial Regex Prefix();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d \d\d:\d\dZ|\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)")]
    private static partial Regex Time();
}
