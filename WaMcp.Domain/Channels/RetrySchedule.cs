namespace WaMcp.Domain.Channels;

/// <summary>How long to wait before the provider is asked again, attempt by attempt; after the last wait the message has failed.</summary>
public static class RetrySchedule
{
    /// <summary>Whatever passes by itself.</summary>
    public static readonly IReadOnlyList<TimeSpan> Usual =
    [
        TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(2),
    ];

    /// <summary>Limits that are counted by the hour.</summary>
    public static readonly IReadOnlyList<TimeSpan> Hours =
        [TimeSpan.FromMinutes(10), TimeSpan.FromHours(1), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(8)];

    /// <summary>Too much to one person: 4^attempt seconds, as Meta says.</summary>
    public static readonly IReadOnlyList<TimeSpan> Pair =
    [
        TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(16), TimeSpan.FromSeconds(64), TimeSpan.FromSeconds(256), TimeSpan.FromSeconds(1024),
        TimeSpan.FromSeconds(4096),
    ];

    /// <summary>People complain about the number: every further attempt makes it worse.</summary>
    public static readonly IReadOnlyList<TimeSpan> LongPause = [TimeSpan.FromHours(1), TimeSpan.FromHours(6), TimeSpan.FromHours(24)];

    /// <summary>Files that people sent: the provider keeps them for seven days, this gives up within five.</summary>
    public static readonly IReadOnlyList<TimeSpan> Files =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1),
        TimeSpan.FromHours(3), TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromHours(24), TimeSpan.FromHours(24), TimeSpan.FromHours(24),
    ];

    /// <summary>The longest wait that a provider may ask for.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);
}
