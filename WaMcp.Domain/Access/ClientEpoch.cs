using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Limits;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>Ends the epoch of clients whose rights were changed, so that no replica trusts what it read before.</summary>
/// <remarks>
/// Called after the change is committed and before the operator is told that it is done. Fails closed: when Redis does not confirm, it
/// waits until everything that any replica may have cached is too old to be trusted. The invariant of <see cref="AuthenticateKey"/> rests on it.
/// </remarks>
/// <param name="services">For the connection to Redis, made only when there is something to end.</param>
/// <param name="operator">Is told about the wait.</param>
/// <param name="clock">For the wait.</param>
public sealed class ClientEpoch(IServiceProvider services, Operator @operator, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // A little more than the lifetime: a replica's clock and ours tick apart.
    private static readonly TimeSpan Wait = AuthenticateKey.CacheLifetime + TimeSpan.FromMilliseconds(200);

    /// <summary>Ends them. It cannot be cancelled: the change is made, and only this puts it in force.</summary>
    public async Task EndAsync(IReadOnlyCollection<ClientId> clients)
    {
        if (clients.Count > 0 && !await TryRedisAsync(clients))
        {
            @operator.Tell?.Invoke($"Redis does not answer; waiting {Wait.TotalSeconds:0.#} s, until no server trusts what it has cached.");
            await Task.Delay(Wait, clock);
        }
    }

    /// <summary>Where servers see that the channels' secrets changed.</summary>
    public const string ChannelsKey = "wamcp:channels";

    /// <summary>
    /// Tells the servers that the channels' secrets changed. When Redis is away they see it by themselves within five seconds, and the operator is
    /// told so; until then deliveries under a new secret are refused, and the provider delivers them again.
    /// </summary>
    public async Task TellChannelsAsync()
    {
        try
        {
            await services.GetRequiredService<IConnectionMultiplexer>().GetDatabase().StringIncrementAsync(ChannelsKey).WaitAsync(Patience, clock);
        }
        catch (Exception)
        {
            @operator.Tell?.Invoke("Redis does not answer; the other servers follow within 5 s.");
        }
    }

    private async Task<bool> TryRedisAsync(IReadOnlyCollection<ClientId> clients)
    {
        try
        {
            var keys = clients.Select(client => (RedisKey)RateLimiter.EpochKey(client));
            var redis = services.GetRequiredService<IConnectionMultiplexer>().GetDatabase();
            // One by one: in a cluster they live on different nodes.
            await Task.WhenAll(keys.Select(key => redis.KeyDeleteAsync(key))).WaitAsync(Patience, clock);
            return true;
        }
        catch (Exception)
        {
            return false; // whatever it was: the change is made, and only waiting is left to put it in force
        }
    }
}
