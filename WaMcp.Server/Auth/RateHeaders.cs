using System.Globalization;
using WaMcp.Domain.Limits;

namespace WaMcp.Server.Auth;

/// <summary>Tells callers what is left of their budget (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/).</summary>
internal static class RateHeaders
{
    public static void Write(HttpResponse response, RateDecision decision)
    {
        // A window that slides has no hard reset: t is when the remaining budget can only have grown.
        var seconds = Math.Max(1, (int)Math.Ceiling(decision.Admitted ? SlidingWindow.Length.TotalSeconds : decision.RetryAfter.TotalSeconds));
        response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"rpm\";q={decision.Limit};w=60");
        response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"rpm\";r={decision.Remaining};t={seconds}");
        if (!decision.Admitted)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
    }
}
