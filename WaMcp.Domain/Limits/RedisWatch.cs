using Microsoft.Extensions.Hosting;

namespace WaMcp.Domain.Limits;

/// <summary>Looks once a second, and when something happens, whether Redis answers and still knows what it knew.</summary>
/// <param name="limiter">Whose counts it looks after.</param>
internal sealed class RedisWatch(RateLimiter limiter) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await limiter.LookAsync(stoppingToken);
            await limiter.NextLookAsync(stoppingToken);
        }
    }
}
