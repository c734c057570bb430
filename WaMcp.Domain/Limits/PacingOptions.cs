namespace WaMcp.Domain.Limits;

/// <summary>Settings of the pace of numbers (section <c>Pacing</c>).</summary>
public sealed class PacingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Pacing";

    /// <summary>
    /// The part of a number's limit that stays unused: sends do not reach the provider as evenly as they are to leave, and in any second it must
    /// see no more than the limit. A message may be late by half of this part of a second; the other half is for the way.
    /// </summary>
    public double Headroom { get; set; } = 0.05;
}
