namespace WaMcp.Domain.Audit.Archive;

/// <summary>Settings of the audit log's archive (section <c>AuditArchive</c>).</summary>
public sealed class ArchiveOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "AuditArchive";

    /// <summary>Where the files are. Several Workers must share it, or only one of them be given the archiver's connection string.</summary>
    public string Folder { get; set; } = "/var/lib/whatsapp-mcp/audit-archive";

    /// <summary>How long a row stays in the database.</summary>
    public TimeSpan After { get; set; } = TimeSpan.FromDays(365);

    /// <summary>Rows of one part: they are in memory together.</summary>
    public int PartRows { get; set; } = 20_000;

    /// <summary>The program that compresses, by name or path.</summary>
    public string Zstd { get; set; } = "zstd";
}
