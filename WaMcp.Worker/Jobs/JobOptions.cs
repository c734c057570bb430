namespace WaMcp.Worker.Jobs;

/// <summary>Settings of the queue (section <c>Jobs</c>).</summary>
public sealed class JobOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Jobs";

    /// <summary>Messages that one worker has on their way at the same time, from claimed to settled; of one number at most half of them.</summary>
    public int Concurrency { get; set; } = 512;

    /// <summary>
    /// Transactions that one worker takes deliveries apart in at the same time, and as many that it records parts of them in. Each is one client's, of one number,
    /// and does what has come of it, up to 32 deliveries; of what is recorded at most half is one number's.
    /// </summary>
    public int Receiving { get; set; } = 16;

    /// <summary>Events that one worker tells clients' endpoints at the same time; of one client at most half of them.</summary>
    public int Notifying { get; set; } = 64;

    /// <summary>How many of them at one endpoint.</summary>
    public int NotifyingOneEndpoint { get; set; } = 8;

    /// <summary>Files of contacts that one worker fetches at the same time, each up to 100 MB; of one number at most half of them.</summary>
    public int Fetching { get; set; } = 8;

    /// <summary>How long a claimed job is nobody else's; longer than the longest provider call.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long to sleep at most without a notification: they are lost while the connection is.</summary>
    public TimeSpan LongestSleep { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Waits between attempts of a job that threw; after the last, it is buried as a dead letter.</summary>
    public IReadOnlyList<TimeSpan> RetrySchedule { get; set; } =
    [
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15), TimeSpan.FromMinutes(1),
        TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(6),
    ];
}
