namespace WaMcp.Domain.Duties;

/// <summary>
/// Something that the Worker does once a day and once across replicas. The row remembers when it is due: a restart does not run it twice, a
/// missed day is caught up, and an operator who wants it now brings it forward (<see cref="RequestDuty"/>).
/// </summary>
public sealed class Duty
{
    /// <summary>Takes old content out of messages and deletes old raw deliveries.</summary>
    public const string PruneMessages = "prune-messages";

    /// <summary>Moves old audit rows into files.</summary>
    public const string ArchiveAudit = "archive-audit";

    /// <summary>What operators call it.</summary>
    public required string Name { get; init; }

    /// <summary>Not before.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When the last run began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When a run last ended; before <see cref="StartedAt"/> while one is under way, and after one that was killed.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why the run that ended last failed; null when it did not. Never content.</summary>
    public string? Error { get; init; }

    /// <summary>What that run did, as a JSON object of numbers.</summary>
    public string? Counts { get; init; }

    /// <summary>Whether a run has begun that has not ended.</summary>
    public bool IsUnderWay => StartedAt is { } started && !(EndedAt >= started);
}
