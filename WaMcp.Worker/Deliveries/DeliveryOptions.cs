namespace WaMcp.Worker.Deliveries;

/// <summary>Settings of sending (section <c>Deliveries</c>).</summary>
public sealed class DeliveryOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Deliveries";

    /// <summary>How long an unknown outcome may stay unknown: a message that nobody confirmed until then has failed.</summary>
    public TimeSpan UnknownAfter { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How often to look for those.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromMinutes(1);
}
