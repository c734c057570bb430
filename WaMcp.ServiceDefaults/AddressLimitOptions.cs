namespace WaMcp.ServiceDefaults;

/// <summary>How often one address may fail to say who it is. Section <c>AddressLimit</c>.</summary>
public sealed class AddressLimitOptions
{
    /// <summary>
    /// Requests per <see cref="Window"/> that may end in 401. Far above honest mistakes, far below what guessing, or a flood of lookups,
    /// would need.
    /// </summary>
    public int FailureLimit { get; set; } = 3_000;

    /// <summary>Over which time they are counted.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The window slides in steps of this length.</summary>
    internal TimeSpan Step => Window / Steps;

    internal const int Steps = 6;
}
