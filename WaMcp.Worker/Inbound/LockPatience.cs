namespace WaMcp.Worker.Inbound;

/// <summary>How long a transaction waits for a row that somebody else has.</summary>
internal static class LockPatience
{
    private static readonly TimeSpan OfSeveral = TimeSpan.FromSeconds(2);

    /// <summary>Several jobs in one transaction soon fall apart, so that only the one that has to wait waits; one waits as long as any statement may.</summary>
    public static TimeSpan? Of(int jobs) => jobs > 1 ? OfSeveral : null;
}
