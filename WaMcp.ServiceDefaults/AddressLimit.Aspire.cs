using System.Threading.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using RedisRateLimiting;
using StackExchange.Redis;

namespace WaMcp.ServiceDefaults;

public static partial class AddressLimit
{
    // All replicas count together, in Redis.
    internal static partial RateLimitPartition<string> Partition(string address, AddressLimitOptions options, IServiceProvider services) =>
        RateLimitPartition.Get<string>(
            address, _ => new SharedLimiter(address, options, services.GetRequiredService<IConnectionMultiplexer>()));

    internal static partial TimeSpan? RetryAfter(RateLimitLease lease) =>
        lease.TryGetMetadata(RateLimitMetadataName.RetryAfter, out var seconds) ? TimeSpan.FromSeconds(seconds)
        : lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait
        : null;

    /// <summary>RedisRateLimiting's limiter throws when Redis is away; then the count of this process decides.</summary>
    private sealed class SharedLimiter(string address, AddressLimitOptions options, IConnectionMultiplexer redis) : RateLimiter
    {
        private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

        // One for all addresses: when Redis hangs, only one failed request in a while pays for finding out.
        private static long pausedUntil;

        // Not the sliding one: in 1.2.0 it leaves a statistics key without expiry behind for every address.
        private readonly RedisFixedWindowRateLimiter<string> shared = new($"address:{address}", new RedisFixedWindowRateLimiterOptions
        {
            ConnectionMultiplexerFactory = () => redis,
            PermitLimit = options.FailureLimit,
            Window = options.Window,
        });

        private readonly Lazy<RateLimiter> own = new(() => new SlidingWindowRateLimiter(InProcess(options)));

        public override TimeSpan? IdleDuration => shared.IdleDuration;

        public override RateLimiterStatistics? GetStatistics() => null;

        // Nobody tries: only waiting can ask Redis.
        protected override RateLimitLease AttemptAcquireCore(int permitCount) => shared.AttemptAcquire(permitCount);

        protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
        {
            if (redis.IsConnected && Environment.TickCount64 >= Interlocked.Read(ref pausedUntil))
            {
                try
                {
                    return await shared.AcquireAsync(permitCount, cancellationToken).AsTask().InTime(cancellationToken);
                }
                catch (Exception exception) when (exception is RedisException or TimeoutException)
                {
                    Interlocked.Exchange(ref pausedUntil, Environment.TickCount64 + (long)PauseAfterFailure.TotalMilliseconds);
                }
            }

            return own.Value.AttemptAcquire(permitCount);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                shared.Dispose();
                if (own.IsValueCreated)
                {
                    own.Value.Dispose();
                }
            }

            base.Dispose(disposing);
        }

        protected override async ValueTask DisposeAsyncCore()
        {
            Dispose(disposing: true);
            await base.DisposeAsyncCore();
        }
    }
}
