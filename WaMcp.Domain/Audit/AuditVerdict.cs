namespace WaMcp.Domain.Audit;

/// <summary>What a verification of the audit log found.</summary>
public sealed record AuditVerdict
{
    /// <summary>Whether nothing was found.</summary>
    public bool IsWhole => Findings == 0;

    /// <summary>Rows that were compared with their digests, also archived ones.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows from before the chain, which can only be counted.</summary>
    public required long RowsBeforeChain { get; init; }

    /// <summary>Batches that were compared with their seals.</summary>
    public required long Batches { get; init; }

    /// <summary>Batches that wait for their seal; the notary needs a second.</summary>
    public required long Unsealed { get; init; }

    /// <summary>Links of the chain, all of them.</summary>
    public required long Seals { get; init; }

    /// <summary>The last seal; null when there is none.</summary>
    public required AuditHead? Head { get; init; }

    /// <summary>Writers without a closing batch and when they wrote last: each is running, or was killed with what it had queued.</summary>
    public required IReadOnlyList<AuditWriter> OpenWriters { get; init; }

    /// <summary>How much is wrong.</summary>
    public required long Findings { get; init; }

    /// <summary>The first finding; null when there is none.</summary>
    public required AuditFinding? First { get; init; }

    /// <summary>How often each kind was found.</summary>
    public required IReadOnlyDictionary<string, long> Kinds { get; init; }
}

/// <summary>One thing that is not as it was written.</summary>
/// <param name="Kind">A word for machines.</param>
/// <param name="Text">What exactly.</param>
public sealed record AuditFinding(string Kind, string Text);

/// <summary>A queue of audit rows that was not closed.</summary>
/// <param name="Id">As its batches name it.</param>
/// <param name="LastWrittenAt">By the clock of Postgres.</param>
public sealed record AuditWriter(Guid Id, DateTimeOffset LastWrittenAt);

/// <summary>How far a verification is.</summary>
/// <param name="Rows">Rows so far.</param>
/// <param name="Of">About how many there are.</param>
public sealed record AuditProgress(long Rows, long Of);
