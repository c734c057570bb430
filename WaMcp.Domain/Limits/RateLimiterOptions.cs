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

    /// <summary>
    /// How long calls are counted in both stores after Redis came back: until every process must have noticed, which takes a heartbeat and an
    /// attempt to connect (a second each), a look (a second) and its patience.
    /// </summary>
    public TimeSpan HandOver { get; set; } = TimeSpan.FromSeconds(5);
}
