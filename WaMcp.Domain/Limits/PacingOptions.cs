namespace WaMcp.Domain.Limits;

/// <summary>Settings of the pace of numbers (section <c>Pacing</c>).</summary>
public sealed class PacingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Pacing";

    /// <summary>
    /// The part of a number's limit that stays unused: sends do not reach the provider as evenly as they leave, and in any second it must see
    /// no more than the limit. With less than the default, a second may see up to a twentieth too much.
    /// </summary>
    public double Headroom { get; set; } = 0.05;
}
