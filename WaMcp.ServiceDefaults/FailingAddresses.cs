using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace WaMcp.ServiceDefaults;

/// <summary>The addresses whose requests failed lately, and until when the worst of them are blocked.</summary>
/// <remarks>
/// Memory is bounded: in one window at most <see cref="MostAddresses"/> addresses are counted, and limiters that are at rest are dropped by
/// <see cref="PartitionedRateLimiter"/>. Further addresses are let through uncounted: whoever has so many stays under the limit of each
/// anyhow.
/// </remarks>
internal sealed partial class FailingAddresses : IDisposable
{
    internal const int MostAddresses = 50_000;

    private readonly AddressLimitOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly PartitionedRateLimiter<string> limiter;
    private readonly long started;

    // Until when each is blocked, counted from the start; zero for those that are only counted.
    private readonly ConcurrentDictionary<string, TimeSpan> blockedUntil = new(StringComparer.Ordinal);
    private long forgotten;

    public FailingAddresses(
        IOptions<AddressLimitOptions> options, TimeProvider clock, IServiceProvider services, ILogger<FailingAddresses> logger)
    {
        (this.options, this.clock, this.logger) = (options.Value, clock, logger);
        started = clock.GetTimestamp();
        limiter = PartitionedRateLimiter.Create<string, string>(address => AddressLimit.Partition(address, this.options, services));
    }

    private TimeSpan Now => clock.GetElapsedTime(started);

    /// <summary>What is counted together. Whoever has one IPv6 address has the whole /64 it lies in (RFC 6177).</summary>
    public static string Group(IPAddress? remote)
    {
        if (remote is null)
        {
            return "unknown";
        }

        if (remote.AddressFamily == AddressFamily.InterNetwork || remote.IsIPv4MappedToIPv6)
        {
            return remote.MapToIPv4().ToString();
        }

        var bytes = remote.GetAddressBytes();
        Array.Clear(bytes, 8, 8);
        return $"{new IPAddress(bytes)}/64";
    }

    /// <summary>How much longer the address is blocked; null when it is not.</summary>
    public TimeSpan? BlockedFor(string address) =>
        blockedUntil.TryGetValue(address, out var until) && until - Now is var left && left > TimeSpan.Zero ? left : null;

    /// <summary>Counts one failure of the address, and blocks it when that was one too many.</summary>
    public async Task CountAsync(string address)
    {
        ForgetOncePerWindow();
        if (!blockedUntil.ContainsKey(address))
        {
            if (blockedUntil.Count >= MostAddresses)
            {
                return;
            }

            blockedUntil.TryAdd(address, default);
        }

        // Not cancelled with the request: hanging up early must not make a failure free.
        using var lease = await limiter.AcquireAsync(address);
        if (lease.IsAcquired)
        {
            return;
        }

        var wait = AddressLimit.RetryAfter(lease) is { } told && told > TimeSpan.Zero ? told : options.Step;
        if (BlockedFor(address) is null)
        {
            LogBlocked(address, wait.TotalSeconds, options.FailureLimit, options.Window);
        }

        blockedUntil[address] = Now + wait;
    }

    public void Dispose() => limiter.Dispose();

    // The limiters keep the counts; this only makes room.
    private void ForgetOncePerWindow()
    {
        var before = Interlocked.Read(ref forgotten);
        if (Now.Ticks - before < options.Window.Ticks || Interlocked.CompareExchange(ref forgotten, Now.Ticks, before) != before)
        {
            return;
        }

        foreach (var entry in blockedUntil.Where(entry => entry.Value <= Now))
        {
            blockedUntil.TryRemove(entry);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Address} is refused for {Seconds} s: more than {Limit} of its requests in {Window} could not be authenticated.")]
    private partial void LogBlocked(string address, double seconds, int limit, TimeSpan window);
}
