namespace WaMcp.Domain.Inbox;

/// <summary>How deliveries are stored (section <c>Inbox</c>).</summary>
/// <remarks>The defaults are what was fastest; the others are there so that <c>ops/bench webhooks</c> can show by how much.</remarks>
public sealed class InboxOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Inbox";

    /// <summary>How many deliveries one commit takes at most. With 1 there is no group commit.</summary>
    public int MaxBatch { get; set; } = 500;

    /// <summary>How many connections commit side by side.</summary>
    public int Writers { get; set; } = 1;
}
