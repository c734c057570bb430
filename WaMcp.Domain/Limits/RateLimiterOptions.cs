namespace WaMcp.Domain.Limits;

/// <summary>Settings of the per-minute limit (section <c>RateLimit</c>).</summary>
public sealed class RateLimiterOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "RateLimit";

    /// <summary>
    /// How long one call waits for Redis before it is counted in Postgres. A Redis that is frozen keeps its connections and never answers, and
    /// its client's own timeouts do not cover awaited calls.
    /// </summary>
    public TimeSpan RedisPatience { get; set; } = TimeSpan.FromMilliseconds(500);
}
