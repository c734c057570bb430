using System.Threading.RateLimiting;

namespace WaMcp.ServiceDefaults;

public static partial class AddressLimit
{
    // Every replica counts for itself.
    internal static partial RateLimitPartition<string> Partition(string address, AddressLimitOptions options, IServiceProvider services) =>
        RateLimitPartition.GetSlidingWindowLimiter(address, _ => InProcess(options));

    internal static partial TimeSpan? RetryAfter(RateLimitLease lease) =>
        lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : null;
}
