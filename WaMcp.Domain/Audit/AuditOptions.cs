namespace WaMcp.Domain.Audit;

/// <summary>Settings of the process's queue of audit rows (section <c>Audit</c>).</summary>
public sealed class AuditOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Audit";

    /// <summary>
    /// How many rows may wait to be written, a fraction of a kilobyte each. This is what a process that is killed can lose, and what an outage of
    /// Postgres can last: 50 s at 2,000 calls a second.
    /// </summary>
    public int QueueRows { get; set; } = 100_000;

    /// <summary>How long a process that stops goes on trying to write what is queued.</summary>
    public TimeSpan DrainLimit { get; set; } = TimeSpan.FromSeconds(10);
}
