using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace WaMcp.ServiceDefaults;

/// <summary>Says Degraded when Redis does not answer, never Unhealthy: without Redis the programs are slower, not wrong.</summary>
internal sealed class RedisHealth(IConnectionMultiplexer redis) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!redis.IsConnected)
        {
            return HealthCheckResult.Degraded("not connected");
        }

        try
        {
            await redis.GetDatabase().PingAsync().InTime(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            return HealthCheckResult.Degraded("no answer", exception);
        }
    }
}
