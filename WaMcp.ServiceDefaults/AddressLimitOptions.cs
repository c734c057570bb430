namespace WaMcp.ServiceDefaults;

/// <summary>How many requests one address may send before anybody knows who it is. Section <c>AddressLimit</c>.</summary>
public sealed class AddressLimitOptions
{
    /// <summary>Requests per <see cref="Window"/>. Far above what an agent sends, far below what guessing keys would need.</summary>
    public int PermitLimit { get; set; } = 60_000;

    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The window slides in steps of this length.</summary>
    internal TimeSpan Step => Window / Steps;

    internal const int Steps = 6;
}
