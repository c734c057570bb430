using Spectre.Console;

namespace WaMcp.Admin.Output;

/// <summary>
/// Draws tables: every row is one line, however long, so that ids can be copied from a narrow terminal and cut from a pipe. On a terminal
/// the headings are bold.
/// </summary>
internal static class Table
{
    private const int WiderThanAnyRow = 10_000;

    public static void Write<TRow>(TextWriter writer, IReadOnlyList<TRow> rows)
        where TRow : IRow<TRow>
    {
        var table = new Spectre.Console.Table { Border = TableBorder.None };
        foreach (var column in TRow.Columns)
        {
            table.AddColumn(new TableColumn(new Text(column.Heading, new Style(decoration: Decoration.Bold))) { Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var row in rows)
        {
            table.AddRow(TRow.Columns.Select(column => new Text(PlainText.Line(column.Text(row) ?? "-"))));
        }

        using var drawn = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = IsStyled(writer) ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            Out = new AnsiConsoleOutput(drawn),
        });
        console.Profile.Width = WiderThanAnyRow;
        console.Write(table);
        foreach (var line in drawn.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            writer.WriteLine(line.TrimEnd());
        }
    }

    /// <summary>A line as headings are shown there.</summary>
    public static string Bold(TextWriter writer, string line) => IsStyled(writer) ? $"\u001b[1m{line}\u001b[0m" : line;

    private static bool IsStyled(TextWriter writer) => ReferenceEquals(writer, Console.Out) && !Console.IsOutputRedirected && !ColourIsUnwanted;

    // https://no-color.org
    private static bool ColourIsUnwanted =>
        Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";
}
