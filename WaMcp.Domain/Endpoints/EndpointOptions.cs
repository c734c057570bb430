namespace WaMcp.Domain.Endpoints;

/// <summary>Settings of outgoing webhooks (section <c>Endpoints</c>).</summary>
public sealed class EndpointOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Endpoints";

    /// <summary>How long a receiver may take to answer.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Origins, like <c>http://localhost:9000</c>, that may be posted to although they are not https or not on the public internet. For
    /// development: whoever may name an address then reaches those as well.
    /// </summary>
    public IList<string> AlsoAllowed { get; } = [];

    /// <summary>
    /// Waits between the attempts for one event, as the standard recommends; after the last it is a dead letter.
    /// </summary>
    public static IReadOnlyList<TimeSpan> RetrySchedule { get; } =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(10),
    ];

    /// <summary>An endpoint at which nothing succeeds for so long is switched off.</summary>
    public static TimeSpan GiveUpAfter { get; } = TimeSpan.FromDays(5);

    /// <summary>The longest wait that a receiver can ask for.</summary>
    public static TimeSpan LongestHold { get; } = TimeSpan.FromHours(24);

    internal bool Allows(Uri address) => AlsoAllowed.Any(origin =>
        Uri.TryCreate(origin, UriKind.Absolute, out var allowed) && Uri.Compare(allowed, address, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0);
}
