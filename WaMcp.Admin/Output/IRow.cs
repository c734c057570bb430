namespace WaMcp.Admin.Output;

/// <summary>One thing as the console shows it: as a line of a table, and, serialized, as a JSON object.</summary>
/// <typeparam name="TSelf">The row itself.</typeparam>
internal interface IRow<TSelf>
{
    /// <summary>The table's columns, from left to right.</summary>
    static abstract IReadOnlyList<Column<TSelf>> Columns { get; }
}

/// <summary>One column of a table.</summary>
/// <param name="Heading">What stands above it.</param>
/// <param name="Text">What stands in it.</param>
internal sealed record Column<TRow>(string Heading, Func<TRow, string?> Text);
