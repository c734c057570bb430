namespace WaMcp.Worker.Duties;

/// <summary>Settings of what runs daily (section <c>Duties</c>).</summary>
public sealed class DutyOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Duties";

    /// <summary>The time of day, UTC.</summary>
    public TimeSpan At { get; set; } = TimeSpan.FromHours(3);

    /// <summary>How long after a run that failed it is tried again.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often to look whether something is due: also how long an operator who asks waits.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The first moment after <paramref name="now"/> at that time of day.</summary>
    internal DateTimeOffset Next(DateTimeOffset now)
    {
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) + At;
        return today > now ? today : today.AddDays(1);
    }
}
