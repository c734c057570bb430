using System.Text.Json;

namespace WaMcp.Admin.Output;

/// <summary>Rows that are shown as they come: a table that grows downwards, or one JSON object a line.</summary>
/// <param name="report">Where to.</param>
internal sealed class RowStream<TRow>(Report report)
    where TRow : IRow<TRow>
{
    private int[]? widths;

    public void Write(IReadOnlyList<TRow> rows)
    {
        if (report.IsJson)
        {
            foreach (var row in rows)
            {
                report.Results.WriteLine(JsonSerializer.Serialize(row, typeof(TRow), AdminJson.Readable));
            }
        }
        else
        {
            WriteTable([.. rows.Select(row => TRow.Columns.Select(column => PlainText.Line(column.Text(row) ?? "-")).ToArray())]);
        }

        report.Results.Flush();
    }

    // Columns are as wide as what was in them so far.
    private void WriteTable(IReadOnlyList<string[]> lines)
    {
        string[] headings = [.. TRow.Columns.Select(column => column.Heading)];
        var isFirst = widths is null;
        widths = [.. headings.Select((heading, column) => lines.Select(line => line[column].Length).Append(widths?[column] ?? heading.Length).Max())];
        if (isFirst)
        {
            report.Results.WriteLine(Table.Bold(report.Results, Line(headings)));
        }

        foreach (var line in lines)
        {
            report.Results.WriteLine(Line(line));
        }
    }

    private string Line(string[] cells) => string.Join("  ", cells.Select((cell, column) => cell.PadRight(widths![column]))).TrimEnd();
}
