using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace WaMcp.ServiceDefaults;

/// <summary>Refuses addresses that are blocked, with 429 and <c>Retry-After</c>, and counts the requests that end in 401.</summary>
internal sealed class AddressLimitGate(RequestDelegate next, FailingAddresses addresses)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<AddressLimited>() is not { } limited)
        {
            await next(http);
            return;
        }

        var address = FailingAddresses.Group(http.Connection.RemoteIpAddress);
        if (addresses.BlockedFor(address) is { } wait)
        {
            var seconds = (int)Math.Ceiling(wait.TotalSeconds);
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            await limited.RefuseAsync(http, string.Create(
                CultureInfo.InvariantCulture, $"Too many requests from this address could not be authenticated. Wait {seconds} s before the next one."));
            return;
        }

        try
        {
            await next(http);
        }
        finally
        {
            // Also when the caller hung up before the answer: that must not be a way to fail for free.
            if (AddressLimit.Counts(http))
            {
                await addresses.CountAsync(AddressLimit.Counted(http, address));
            }
        }
    }
}
