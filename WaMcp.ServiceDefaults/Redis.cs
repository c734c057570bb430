using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace WaMcp.ServiceDefaults;

/// <summary>
/// One connection to Redis for the whole program, as <see cref="IConnectionMultiplexer"/>. Redis is speed, not truth: a program starts
/// without it, connects by itself as soon as it is there, and nothing waits for it longer than about a second.
/// </summary>
public static partial class Redis
{
    private const string Name = "redis";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // A setting in ConnectionStrings:redis wins over these, because the last one counts.
    private const string Defaults = "abortConnect=false,connectRetry=1,connectTimeout=1000,syncTimeout=1000,keepAlive=5";

    /// <summary>Adds the connection, from <c>ConnectionStrings:redis</c>, and a health check that says at worst Degraded.</summary>
    public static IHostApplicationBuilder AddRedis(this IHostApplicationBuilder builder)
    {
        AddConnection(builder);
        // Connecting at start keeps the wait for a Redis that is away out of the first request.
        builder.Services.AddHostedService<RedisStart>();
        builder.Services.AddHealthChecks().AddCheck<RedisHealth>(Name, HealthStatus.Degraded);
        return builder;
    }

    /// <summary>
    /// Waits a second for an answer and then throws <see cref="TimeoutException"/>. Every awaited call needs it: StackExchange.Redis
    /// 1.2.6 has no time limit of its own for them, and a Redis that hangs would hang the caller for good. Catch
    /// <see cref="RedisException"/> or <see cref="TimeoutException"/>. The command may still be carried out later.
    /// </summary>
    public static Task<T> InTime<T>(this Task<T> answer, CancellationToken cancellationToken = default) =>
        answer.WaitAsync(Patience, cancellationToken);

    // Steadily: a pause that grows would let one program find Redis long after another, and they count together.
    private static void Prepare(ConfigurationOptions options) => options.ReconnectRetryPolicy = new LinearRetry(1_000);

    private static partial void AddConnection(IHostApplicationBuilder builder);

    private static string Settings(IConfiguration configuration) =>
        $"{Defaults},{configuration.GetRequired(Name, "127.0.0.1:6379")}";

    private sealed class RedisStart(IServiceProvider services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            _ = services.GetRequiredService<IConnectionMultiplexer>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
