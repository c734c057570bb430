using System.Text.Json;
using WaMcp.Domain.Access;

namespace WaMcp.Admin.Output;

/// <summary>Everything the console says: results on standard output; errors, progress and secrets on standard error.</summary>
/// <remarks>
/// With JSON, standard output holds exactly one document, also when the command failed: the error object; only a stream of rows is one a line. A token is no result: it goes
/// to standard error in both formats and nowhere else.
/// </remarks>
internal sealed class Report
{
    private readonly TextWriter stderr;

    private Report(OutputFormat format, TextWriter stdout, TextWriter stderr)
    {
        IsJson = format == OutputFormat.Json;
        Results = stdout;
        this.stderr = stderr;
    }

    public bool IsJson { get; }

    /// <summary>Standard output.</summary>
    public TextWriter Results { get; }

    public static Report For(OutputFormat format, TextWriter stdout, TextWriter stderr) => new(format, stdout, stderr);

    /// <summary>Shows one thing: a table of one line, or one object.</summary>
    public void Show<TRow>(TRow row)
        where TRow : IRow<TRow> => Write(row, () => Table.Write(Results, [row]));

    /// <summary>Shows many things: a table, or one array.</summary>
    public void Show<TRow>(TRow[] rows)
        where TRow : IRow<TRow> => Write(rows, () => Table.Write(Results, rows));

    /// <summary>Shows rows as they come.</summary>
    public RowStream<TRow> Stream<TRow>()
        where TRow : IRow<TRow> => new(this);

    /// <summary>Shows something that is a sentence for people.</summary>
    public void Show<TDocument>(TDocument document, string sentence) => Write(document, () => Results.WriteLine(sentence));

    /// <summary>A line that is no result: progress, a warning, a token.</summary>
    public void Note(string line) => stderr.WriteLine(line);

    /// <summary>Says what went wrong.</summary>
    /// <returns>The exit code.</returns>
    public int Fail(Failure failure)
    {
        // Somebody who pastes a whole token in the place of a name must not find it in an error, and from there in a log.
        failure = failure with { Message = KeyToken.Masked(failure.Message), NextAction = failure.NextAction is { } action ? KeyToken.Masked(action) : null };
        if (IsJson)
        {
            Write(new ErrorDocument(new(failure.Code, failure.Message, failure.NextAction, failure.Field)), () => { });
        }
        else
        {
            stderr.WriteLine(PlainText.Line($"error: {failure.Message} {failure.NextAction}".TrimEnd()));
        }

        return failure.ExitCode;
    }

    private void Write<TDocument>(TDocument document, Action forPeople)
    {
        if (IsJson)
        {
            Results.WriteLine(JsonSerializer.Serialize(document, typeof(TDocument), AdminJson.Readable));
        }
        else
        {
            forPeople();
        }
    }
}
