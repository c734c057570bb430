using System.CommandLine;
using System.Globalization;
using WaMcp.Admin.Output;
using WaMcp.Domain;

namespace WaMcp.Admin.CommandLine;

/// <summary>One call of a command: what was given, what it may use, where it reports to.</summary>
/// <param name="parsed">The command line.</param>
/// <param name="report">Where results go.</param>
/// <param name="session">Configuration and the domain.</param>
internal sealed class Invocation(ParseResult parsed, Report report, Session session)
{
    public Report Report => report;

    public Session Session => session;

    /// <summary>What the shell gets when the command ends without a failure.</summary>
    public int ExitCode { get; set; }

    /// <summary>A verb of the domain, or the database.</summary>
    public T Get<T>()
        where T : notnull => session.Get<T>();

    public T Required<T>(Option<T> option) => parsed.GetRequiredValue(option);

    public T Required<T>(Argument<T> argument) => parsed.GetRequiredValue(argument);

    public T? Given<T>(Option<T> option) => parsed.GetValue(option);

    public T? Given<T>(Argument<T> argument) => parsed.GetValue(argument);

    /// <summary>The names in a list that is separated by commas, in one option or in several.</summary>
    public IReadOnlyList<string> Names(Option<string[]> option) =>
        [.. parsed.GetRequiredValue(option).SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    /// <summary>A whole number; null when the option is not there.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public int? Number(Option<string> option, string example) => parsed.GetValue(option) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw Fault.Invalid(Field(option), $"'{text}' is not a whole number.", $"Give one like {example}."),
    };

    /// <summary>A duration; null when the option is not there.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public TimeSpan? Duration(Option<string> option) =>
        parsed.GetValue(option) is { } text ? CommandLine.Duration.Parse(Field(option), text) : null;

    /// <summary>A moment; null when the option is not there.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public DateTimeOffset? Moment(Option<string> option) =>
        parsed.GetValue(option) is { } text ? CommandLine.Moment.Parse(Field(option), text, Get<TimeProvider>().GetUtcNow()) : null;

    /// <summary>Asks before something that cannot be undone.</summary>
    /// <param name="warning">What it does.</param>
    /// <param name="answer">What must be typed.</param>
    /// <param name="field">What was not confirmed.</param>
    /// <exception cref="Fault"><c>invalid_input</c>: something else was typed.</exception>
    public void Confirm(string warning, string answer, string field)
    {
        report.Note(warning);
        report.Note($"Type '{answer}' to go on:");
        if (Console.In.ReadLine()?.Trim() != answer)
        {
            throw Fault.Invalid(field, "was not confirmed; nothing was changed.", $"Answer '{answer}', or add --yes.");
        }
    }

    private static string Field(Option option) => option.Name.TrimStart('-');
}
