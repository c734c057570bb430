namespace WaMcp.Worker.Audit;

/// <summary>Settings of what looks after the audit chain (section <c>Notary</c>).</summary>
public sealed class NotaryOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Notary";

    /// <summary>How long batches of audit rows wait for their seal at most.</summary>
    public TimeSpan SealEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often what was written last is verified.</summary>
    public TimeSpan CheckEvery { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How far back each time; longer than the time between two, so that what was written late is in one of them.</summary>
    public TimeSpan CheckBack { get; set; } = TimeSpan.FromHours(2);
}
