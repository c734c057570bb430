using System.CommandLine;
using System.CommandLine.Invocation;
using WaMcp.Admin.CommandLine;
using WaMcp.Admin.Output;

namespace WaMcp.Admin;

/// <summary>The operators' console, as a program and for tests in their own process.</summary>
public static class AdminApp
{
    private static readonly ParserConfiguration Parsing = new()
    {
        // A value that begins with @ is a value here, not the name of a file with more arguments.
        ResponseFileTokenReplacer = null,
        EnablePosixBundling = false,
    };

    /// <summary>Runs one command.</summary>
    /// <param name="args">The command line: command, options, and after <c>--</c> settings as key=value.</param>
    /// <param name="stdout">Results: tables or one JSON document.</param>
    /// <param name="stderr">Errors, progress, and a new key's token.</param>
    /// <param name="settings">Configuration that wins over environment and secret files.</param>
    /// <returns>The exit code; <c>admin --help</c> lists them.</returns>
    public static async Task<int> RunAsync(
        string[] args, TextWriter stdout, TextWriter stderr, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var end = Array.IndexOf(args, "--");
        var words = end < 0 ? args : args[..end];
        var assignments = end < 0 ? [] : args[(end + 1)..];

        var root = new AdminCommand();
        var parsed = root.Parse(words, Parsing);
        var report = Report.For(root.Format(parsed), stdout, stderr);
        if (parsed.Action is ParseErrorAction)
        {
            return RefuseUsage(parsed, report);
        }

        root.OnRun((command, result, cancellationToken) =>
            RunAsync(command, result, report, new Session(() => Settings.Read(assignments, settings), report.Note), cancellationToken));
        return await parsed.InvokeAsync(
            new InvocationConfiguration { Output = stdout, Error = stderr, EnableDefaultExceptionHandler = false });
    }

    private static async Task<int> RunAsync(
        ConsoleCommand command, ParseResult parsed, Report report, Session session, CancellationToken cancellationToken)
    {
        try
        {
            await using (session)
            {
                var run = new Invocation(parsed, report, session);
                await command.ExecuteAsync(run, cancellationToken);
                return run.ExitCode;
            }
        }
        catch (Exception exception)
        {
            // The edge: nothing that goes wrong reaches a person as a stack trace.
            return report.Fail(Failure.Of(exception, session.Postgres));
        }
    }

    private static int RefuseUsage(ParseResult parsed, Report report)
    {
        var error = UsageError.Of(parsed);
        if (error is { IsIncomplete: true } && !report.IsJson)
        {
            Help.Show(parsed, report.Results);
        }

        return report.Fail(error.Failure);
    }
}
