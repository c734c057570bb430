namespace WaMcp.Admin.Output;

/// <summary>For whom standard output is.</summary>
internal enum OutputFormat
{
    /// <summary>People.</summary>
    Table,

    /// <summary>Scripts.</summary>
    Json,
}
