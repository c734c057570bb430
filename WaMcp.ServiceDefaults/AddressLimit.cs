using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace WaMcp.ServiceDefaults;

/// <summary>A limit per address on public endpoints, against guessing and floods, before authentication costs anything.</summary>
public static partial class AddressLimit
{
    /// <summary>The name of the rate limiting policy.</summary>
    public const string PolicyName = "address";

    /// <summary>Adds the limit's policy. Call <see cref="Redis.AddRedis"/> too: replicas may count together there.</summary>
    public static IHostApplicationBuilder AddAddressLimit(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<AddressLimitOptions>()
            .BindConfiguration("AddressLimit")
            .Validate(options => options.PermitLimit > 0,
                "AddressLimit:PermitLimit must be at least 1: it is the number of requests per window.")
            .Validate(options => options.Window >= TimeSpan.FromSeconds(1), "AddressLimit:Window must be at least 00:00:01.")
            .ValidateOnStart();
        builder.Services.AddRateLimiter(limiter => limiter.AddPolicy<string, AddressLimitPolicy>(PolicyName));
        return builder;
    }

    /// <summary>Puts the limit into the pipeline. Before <c>UseAuthentication</c>, which must then be called explicitly.</summary>
    public static WebApplication UseAddressLimit(this WebApplication app)
    {
        app.UseRateLimiter();
        return app;
    }

    /// <summary>Puts endpoints under the limit.</summary>
    public static TBuilder RequireAddressLimit<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.RequireRateLimiting(PolicyName);

    internal static partial RateLimitPartition<string> Partition(string address, AddressLimitOptions options, IServiceProvider services);

    private static SlidingWindowRateLimiterOptions InProcess(AddressLimitOptions options) => new()
    {
        PermitLimit = options.PermitLimit,
        Window = options.Window,
        SegmentsPerWindow = AddressLimitOptions.Steps,
        QueueLimit = 0,
    };
}
