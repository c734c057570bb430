using System.CommandLine;
using System.CommandLine.Parsing;
using WaMcp.Admin.Output;
using WaMcp.Domain;

namespace WaMcp.Admin.CommandLine;

/// <summary>Says in one line what is wrong with a command line, which part of it, and what to write instead.</summary>
/// <param name="Failure">The words.</param>
/// <param name="IsIncomplete">Nothing was wrong so far, only no command was named yet.</param>
internal sealed record UsageError(Failure Failure, bool IsIncomplete)
{
    public static UsageError Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = Path(parsed.CommandResult);
        return parsed.UnmatchedTokens is [var unknown, ..] ? Unknown(unknown, command, path)
            : command is not ConsoleCommand ? new(Invalid($"`{path}` needs a command.", Commands(command)), IsIncomplete: true)
            : new(Missing(parsed, command, path) ?? Wrong(parsed.Errors[0], path), IsIncomplete: false);
    }

    private static UsageError Unknown(string token, Command command, string path)
    {
        var failure = token.StartsWith('-')
            ? Invalid($"{token.Split('=')[0]}: `{path}` has no such option.", $"`{path} --help` lists the options.", token.Split('=')[0])
            : command is ConsoleCommand
            ? Invalid($"'{token}' is one word too many for `{path}`.", "Put values that contain spaces into quotes.")
            : Invalid($"'{token}' is not a command of `{path}`.", Commands(command));
        return new(failure, IsIncomplete: false);
    }

    private static Failure? Missing(ParseResult parsed, Command command, string path)
    {
        var arguments = command.Arguments.Where(argument => parsed.GetResult(argument) is not { Tokens.Count: > 0 }).Select(argument => $"<{argument.Name}>");
        var options = command.Options.Where(option => option.Required && parsed.GetResult(option) is null or { IdentifierTokenCount: 0 }).Select(option => option.Name);
        var missing = arguments.Concat(options).ToList();
        return missing.Count == 0
            ? null
            : Invalid($"{string.Join(", ", missing)}: missing.", $"`{path} --help` shows examples.", missing[0]);
    }

    private static Failure Wrong(ParseError error, string path) => error.SymbolResult switch
    {
        OptionResult { Tokens.Count: 0, Option.Name: var name } =>
            Invalid($"{name}: needs a value.", $"`{path} --help` shows examples.", name),
        OptionResult { IdentifierTokenCount: > 1, Option.Name: var name } =>
            Invalid($"{name}: was given more than once.", "Give it once.", name),
        OptionResult { Option: { Name: var name, HelpName: { } expected }, Tokens: [.., var token] } =>
            Invalid($"{name}: '{token.Value}' is not one of {expected.Replace("|", ", ", StringComparison.Ordinal)}.", null, name),
        _ => Invalid(error.Message, $"`{path} --help` shows examples."),
    };

    private static string Commands(Command command) => $"Commands: {string.Join(", ", command.Subcommands.Select(child => child.Name))}.";

    private static string Path(CommandResult? result) =>
        result is null ? "" : $"{Path(result.Parent as CommandResult)} {result.Command.Name}".Trim();

    private static Failure Invalid(string message, string? nextAction, string? field = null) =>
        new(FaultCode.InvalidInput.Reason, message, nextAction, field?.Trim('-', '<', '>'), ExitCode.InvalidInput);
}
