namespace WaMcp.Domain.Audit.Archive;

/// <summary>
/// What is in one month's file. It is replaced in one step, and only after everything that it names has been read back: what it does not name
/// is not archived.
/// </summary>
/// <param name="Version">Of this form and of the lines.</param>
/// <param name="Month">Of the rows, by their time in UTC: <c>2025-11</c>.</param>
/// <param name="Parts">In the order of the file.</param>
public sealed record ArchiveManifest(int Version, string Month, IReadOnlyList<ArchivePart> Parts)
{
    /// <summary>The version that this program writes.</summary>
    public const int CurrentVersion = 1;

    /// <summary>All rows of the month's file.</summary>
    public long Rows => Parts.Sum(part => (long)part.Rows);

    /// <summary>Bytes of the file; what stands behind them was left by a run that was killed.</summary>
    public long Length => Parts.Sum(part => part.Length);
}

/// <summary>One Zstandard frame of a month's file, the work of one step: a JSON line for each row, in the order of ids.</summary>
/// <param name="Offset">Where it begins.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Sha256">Of those bytes, hex.</param>
/// <param name="Rows">How many.</param>
/// <param name="FirstId">The first row's id.</param>
/// <param name="LastId">The last row's id; other parts may hold ids in between.</param>
/// <param name="ArchivedAt">When.</param>
/// <param name="Head">The head of the audit chain at that time.</param>
public sealed record ArchivePart(
    long Offset, long Length, string Sha256, int Rows, long FirstId, long LastId, DateTimeOffset ArchivedAt, string Head);
