using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace WaMcp.ServiceDefaults;

/// <summary>Counts by remote address and answers 429 with <c>Retry-After</c> when an address is over its limit.</summary>
internal sealed class AddressLimitPolicy(IOptions<AddressLimitOptions> options) : IRateLimiterPolicy<string>
{
    public Func<OnRejectedContext, CancellationToken, ValueTask>? OnRejected => RejectAsync;

    public RateLimitPartition<string> GetPartition(HttpContext httpContext) =>
        AddressLimit.Partition(Address(httpContext.Connection.RemoteIpAddress), options.Value, httpContext.RequestServices);

    // Whoever has one IPv6 address has the whole /64 it lies in (RFC 6177), so that is what is counted.
    internal static string Address(IPAddress? remote)
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

    private async ValueTask RejectAsync(OnRejectedContext rejected, CancellationToken cancellationToken)
    {
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var known) && known > TimeSpan.Zero
            ? known
            : options.Value.Step;
        var seconds = (int)Math.Ceiling(wait.TotalSeconds);
        var response = rejected.HttpContext.Response;
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var message = string.Create(CultureInfo.InvariantCulture,
            $"Too many requests from this address. Wait {seconds} s before the next one.");
        await response.WriteAsJsonAsync(
            new { error = new { code = "too_many_requests", message } }, cancellationToken);
    }
}
