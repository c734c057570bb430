using System.Text.RegularExpressions;
using WaMcp.Domain.Access;
using WaMcp.Tests.Auth;

namespace WaMcp.Tests.Admin;

/// <summary>
/// Command lines that are nearly right: each is done or is refused as the operator's mistake, in one line that nothing typed can spoil,
/// and no token gets anywhere. A failure names the seed and the case; <c>WAMCP_FUZZ_SEED</c> repeats it.
/// </summary>
public sealed partial class ConsoleFuzzTests
{
    private const int Cases = 300;

    [Fact]
    public async Task EveryMistakeOnTheCommandLineIsToldAsOne()
    {
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        var dice = new Dice(6);
        var token = KeyToken.Generate("live").Text;
        var minted = new List<string>();
        var complaints = new List<string>();
        for (var number = 0; number < Cases; number++)
        {
            var args = CommandLine(dice, token);
            var run = await console.RunAsync(args);
            minted.AddRange(Token().Matches(run.Err).Select(match => match.Value).Where(found => run.ExitCode == 0 && found != token));
            if (Complaint(run) is { } complaint)
            {
                complaints.Add($"case {number}: {complaint}, exit code {run.ExitCode}: {Shown(args)}");
            }
        }

        var audit = string.Join('\n', await console.Database.ReadAsync<string>("SELECT row::text FROM audit_log row"));
        complaints.AddRange(minted.Append(token).Where(each => audit.Contains(each[^KeyToken.SecretLength..], StringComparison.OrdinalIgnoreCase)).Select(_ => "a token in the audit log"));
        complaints.ShouldBeEmpty($"WAMCP_FUZZ_SEED={Dice.Seed}");
        minted.Count.ShouldBeGreaterThan(0, "nothing came through: this fuzzes only the first check");
    }

    [Theory]
    [InlineData("keys", "revoke")]
    [InlineData("keys", "list", "--client")]
    [InlineData("grants", "revoke", "--phone", "support", "--client")]
    public async Task ATokenTypedInThePlaceOfANameIsNotRepeated(params string[] command)
    {
        // Who wants to revoke a key that got out may well paste all of it; what the console says ends up in logs and tickets.
        var console = await AdminConsole.StartWithClientAndChannelAsync();
        var token = KeyToken.Generate("live").Text;

        var run = await console.RunAsync([.. command, token]);

        run.ExitCode.ShouldBe(3);
        (run.Out + run.Err).Contains(token[^KeyToken.SecretLength..], StringComparison.Ordinal).ShouldBeFalse("The secret part of the token is repeated.");
    }

    private static string? Complaint(ConsoleRun run) =>
        run.ExitCode is not (0 or 2 or 3 or 4) ? "not told as a mistake"
        : (run.Out + run.Err).Contains("   at ", StringComparison.Ordinal) ? "a stack trace"
        : run.ExitCode == 0 ? null
        : run.ErrLines.Length != 1 && !run.Out.StartsWith('{') && !run.Out.Contains("Usage:", StringComparison.Ordinal) ? "not one line"
        : (run.Out + run.Err).Any(character => char.IsControl(character) && character != '\n') ? "a control character reaches the terminal"
        : null;

    private static string[] CommandLine(Dice dice, string token)
    {
        // From somebody who gets nothing right to somebody who makes one mistake.
        var care = dice.Pick(1, 2, 10);
        string Value(params string[] values) => dice.Below(care) > 0 ? values[0] : Argument(
            dice.Below(10) switch
            {
                < 5 => dice.Pick(values),
                < 8 => dice.Spoil(dice.Pick(values)).Text,
                8 => dice.Pick(token, dice.Letters(26), "-1", "--", "--help", "@file", "a=b"),
                _ => dice.Trouble(),
            });
        string Client() => Value("acme", "other", "cli_00000000000000000000000000");
        string Channel() => Value("support", "100000000000001", "chn_00000000000000000000000000");
        string Number() => Value("1", "60", "250", "2147483647", "99999999999999999999", "1.5", "0x10", "1e3", "٣");
        string Tools() => Value("send_message", "send_message,get_messages", "ping,,ping", " ping , get_message ");

        List<string> args = dice.Below(9) switch
        {
            0 => ["clients", "create", "--name", Value("acme", "other", $"new-{dice.Letters(5)}"), "--display-name", Value("Acme Corp")],
            1 => ["clients", dice.Pick("disable", "enable"), Client()],
            2 => ["channels", "add", "--name", Value("sales", "support"), "--phone-number-id", Value("100000000000002"), "--display-phone", Value("+1 555 010 0002"),
                "--profile", Value("platform", "byoa"), "--access-token-file", Value("/nowhere/token", "/etc/hostname", "/tmp")],
            3 => ["grants", "add", "--client", Client(), "--phone", Channel(), "--tools", Tools(), "--daily-cap", Number()],
            4 => ["grants", dice.Pick("revoke", "list"), "--client", Client(), "--phone", Channel()],
            5 => ["keys", "revoke", Value("key_00000000000000000000000000", "abcdefghijkl", token)],
            6 => ["keys", "list", "--client", Client(), "--output", Value("json", "table")],
            _ => ["keys", "mint", "--client", Client(), "--label", Value("CRM agent"), "--scopes",
                Value("tools:send_message,numbers:support", "tools:*", "numbers:*", "tools:ping", "tools:", "numbers:", ":", "tools:ping:ping"),
                "--expires", Value("90d", "24h", "30m", "0d", "36500d", "36501d", "99999999999d", "1y"), "--rpm", Number(), "--daily", Number(),
                "--env", Value("live", "test")],
        };
        switch (dice.Below(10))
        {
            case 0:
                args.RemoveAt(dice.Below(args.Count));
                break;
            case 1:
                args.Insert(dice.Below(args.Count), args[dice.Below(args.Count)]);
                break;
            case 2:
                args.Insert(dice.Below(args.Count), Argument(dice.Trouble()));
                break;
            case 3:
                args.AddRange(["--output", "json"]);
                break;
        }

        return [.. args];
    }

    // What a command line can hold: the system ends an argument at a NUL. "--" alone begins the settings, which are another matter.
    private static string Argument(string text) => text.Replace("\0", "", StringComparison.Ordinal) is var argument && argument == "--" ? "---" : argument;

    private static string Shown(string[] args) => string.Join(' ', args.Select(each => each.Length <= 60 ? $"[{Token().Replace(each, "TOKEN")}]" : "[long]"));

    [GeneratedRegex("wamcp_[a-z]+_[a-z2-7]{40}", RegexOptions.IgnoreCase)]
    private static partial Regex Token();
}
