using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

/// <summary>
/// A limit per address on public endpoints, against guessing and floods before authentication: an address whose requests end in 401 too
/// often is refused for a while before they cost anything. Requests that are let in are never counted, however many.
/// </summary>
public static partial class AddressLimit
{
    /// <summary>Adds the limit. Call <see cref="Redis.AddRedis"/> too: replicas may count together there.</summary>
    public static IHostApplicationBuilder AddAddressLimit(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<AddressLimitOptions>()
            .BindConfiguration("AddressLimit")
            .Validate(options => options.FailureLimit > 0,
                "AddressLimit:FailureLimit must be at least 1: it is the number of requests per window that may end in 401.")
            .Validate(options => options.Window >= TimeSpan.FromSeconds(1), "AddressLimit:Window must be at least 00:00:01.")
            .ValidateOnStart();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<FailingAddresses>();
        return builder;
    }

    /// <summary>Puts the limit into the pipeline: after routing and <see cref="Proxies.UseProxies"/>, before authentication.</summary>
    public static WebApplication UseAddressLimit(this WebApplication app)
    {
        app.UseMiddleware<AddressLimitGate>();
        return app;
    }

    /// <summary>Puts endpoints under the limit.</summary>
    /// <param name="endpoints">Which.</param>
    /// <param name="refuse">
    /// Writes the body of a refusal in the endpoint's own form, given a sentence for the caller; status and <c>Retry-After</c> are set.
    /// </param>
    public static TBuilder RequireAddressLimit<TBuilder>(this TBuilder endpoints, Func<HttpContext, string, Task>? refuse = null)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.WithMetadata(new AddressLimited(refuse ?? RefuseAsync));

    /// <summary>
    /// Says that this request's 401 is our own failure, such as a database that is away: an outage must not make callers with good keys
    /// look like guessers.
    /// </summary>
    public static void Excuse(HttpContext http) => http.Features.Set(Excused.Instance);

    /// <summary>What counts as one address.</summary>
    public static string AddressOf(HttpContext http) => FailingAddresses.Group(http.Connection.RemoteIpAddress);

    /// <summary>
    /// Says what this request is about: if it fails, it counts for that part of its address's requests alone. One address may speak for many, as a
    /// provider's does, and what fails for one of them must not shut out the others.
    /// </summary>
    /// <returns>How much longer that part is refused; null when it is not.</returns>
    public static TimeSpan? Narrow(HttpContext http, string part)
    {
        var counted = new Narrowed($"{AddressOf(http)} {part}");
        http.Features.Set(counted);
        return http.RequestServices.GetRequiredService<FailingAddresses>().BlockedFor(counted.Key);
    }

    internal static string Counted(HttpContext http, string address) => http.Features.Get<Narrowed>()?.Key ?? address;

    internal static bool Counts(HttpContext http) =>
        http.Response.StatusCode == StatusCodes.Status401Unauthorized && http.Features.Get<Excused>() is null;

    /// <summary>The limiter of one address: in this process, or shared by all.</summary>
    internal static partial RateLimitPartition<string> Partition(string address, AddressLimitOptions options, IServiceProvider services);

    /// <summary>How long a limiter that gave no permit says to wait; null when it does not say.</summary>
    internal static partial TimeSpan? RetryAfter(RateLimitLease lease);

    private static SlidingWindowRateLimiterOptions InProcess(AddressLimitOptions options) => new()
    {
        PermitLimit = options.FailureLimit,
        Window = options.Window,
        SegmentsPerWindow = AddressLimitOptions.Steps,
        QueueLimit = 0,
    };

    private static Task RefuseAsync(HttpContext http, string message) =>
        http.Response.WriteAsJsonAsync(new { error = new { code = "too_many_requests", message } }, http.RequestAborted);

    private sealed record Narrowed(string Key);

    private sealed class Excused
    {
        public static readonly Excused Instance = new();
    }
}

/// <summary>Marks an endpoint under the limit.</summary>
/// <param name="RefuseAsync">Writes the body of a refusal.</param>
internal sealed record AddressLimited(Func<HttpContext, string, Task> RefuseAsync);
