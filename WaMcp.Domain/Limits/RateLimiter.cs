using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Limits;

/// <summary>
/// The per-minute limit, shared by all replicas: counted in Redis by one atomic script, or in Postgres while Redis is away. The same round
/// trip tells the client's epoch, so that a call knows whether what is cached of its rights is still current.
/// </summary>
/// <remarks>
/// Fails closed: when neither Redis nor Postgres answers, the call throws and the request path refuses it. The invariant: however many
/// processes share a key, the weighted count never exceeds its limit, also when Redis stops, hangs, is flushed or comes back empty; only what
/// was admitted until every process had noticed can be counted once too little. docs/architecture/rate-limiting.md.
/// </remarks>
public sealed partial class RateLimiter
{
    private readonly RedisCounters inRedis;
    private readonly PostgresCounters inPostgres;
    private readonly RedisOutage outage;
    private readonly SeenCounts seen = new();
    private readonly TimeSpan handOver;
    private readonly TimeProvider clock;
    private readonly ILogger<RateLimiter> logger;

    // These belong to the watch alone.
    private string? generation;
    private bool isInPostgres;
    private long? isInRedisSince;

    /// <summary>Makes the limiter.</summary>
    /// <param name="redis">Speed.</param>
    /// <param name="database">The truth while Redis is away.</param>
    /// <param name="options">How long to wait for Redis, and for the others.</param>
    /// <param name="clock">Which minute it is.</param>
    /// <param name="logger">Says when Redis goes and comes.</param>
    public RateLimiter(
        IConnectionMultiplexer redis, NpgsqlDataSource database, IOptions<RateLimiterOptions> options, TimeProvider clock, ILogger<RateLimiter> logger)
    {
        (this.clock, this.logger, handOver) = (clock, logger, options.Value.HandOver);
        inRedis = new RedisCounters(redis, options.Value.RedisPatience);
        inPostgres = new PostgresCounters(database);
        outage = new RedisOutage(clock);
        redis.ConnectionFailed += (_, failure) =>
        {
            if (failure.ConnectionType == ConnectionType.Interactive)
            {
                Away(failure.Exception);
            }
        };
        redis.ConnectionRestored += (_, _) => outage.Reconnected();
    }

    /// <summary>Where the client's epoch stands; whoever changes a client's rights removes it.</summary>
    public static string EpochKey(ClientId client) => $"epoch:{{{client}}}";

    /// <summary>Counts one call, if the limit admits it.</summary>
    public async Task<CallCount> CountAsync(CallBudget budget, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var least = seen.Of(budget.Counter, SlidingWindow.Minute(now));
        var place = outage.Place;
        if (place == CountedIn.Postgres)
        {
            return new(Decide(await CountInPostgresAsync(budget, least, now, cancellationToken)), null);
        }

        // Each store goes by its own counts, or else calls that overtake one another between the two would count twice.
        Counts? inBoth = place == CountedIn.Both ? await inPostgres.CountAsync(budget, least, now, cancellationToken) : null;
        if (inBoth is { Admitted: false } refused)
        {
            return new(Decide(refused), null);
        }

        return await TryRedisAsync(budget, least, now, cancellationToken) is { } counted
            ? new(Decide(counted.Counts), counted.Epoch)
            : new(Decide(inBoth ?? await CountInPostgresAsync(budget, least, now, cancellationToken)), null);

        RateDecision Decide(Counts counts) => SlidingWindow.Decide(counts.Admitted, counts.Previous, counts.Current, budget.Limit, now);
    }

    /// <summary>
    /// One look at Redis. When it has gone, what this process was told is carried over to Postgres. When it is back, calls count in both; Redis
    /// gets what was counted without it at once, and again when every process must have noticed; then it counts alone.
    /// </summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var asOf = outage.Interruptions;
            if (outage.Place == CountedIn.Postgres)
            {
                isInRedisSince = null;
                if (!isInPostgres)
                {
                    await inPostgres.RaiseAsync(seen.All(Minute), cancellationToken);
                    isInPostgres = true;
                }
            }

            var told = await inRedis.GenerationAsync(cancellationToken);
            if (outage.Place == CountedIn.Postgres && outage.GoOn(asOf))
            {
                LogRedisBack();
            }

            isInPostgres = false;
            if (told != generation || (outage.Place == CountedIn.Both && isInRedisSince is null))
            {
                await CarryToRedisAsync(cancellationToken);
                (generation, isInRedisSince) = (told, clock.GetTimestamp());
            }

            if (outage.Place == CountedIn.Both && isInRedisSince is { } since && clock.GetElapsedTime(since) >= handOver)
            {
                await CarryToRedisAsync(cancellationToken);
                outage.GoOn(asOf);
            }
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            Away(exception); // or still is
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotCarriedOver(exception);
        }
    }

    /// <summary>Waits for the next time to look.</summary>
    internal Task NextLookAsync(CancellationToken cancellationToken) => outage.NextAsync(cancellationToken);

    private long Minute => SlidingWindow.Minute(clock.GetUtcNow());

    private async Task<(Counts Counts, string? Epoch)?> TryRedisAsync(
        CallBudget budget, (long Current, long Previous) least, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var before = outage.Interruptions;
        try
        {
            var (counts, epoch) = await inRedis.CountAsync(budget, least, now, cancellationToken);
            seen.Note(budget.Counter, SlidingWindow.Minute(now), counts.Current, counts.Previous);
            // What was asked over one connection may have been answered over the next.
            return (counts, before == outage.Interruptions ? $"{before}.{epoch}" : null);
        }
        catch (TimeoutException)
        {
            outage.Suspect();
            return null;
        }
        catch (RedisException exception)
        {
            Away(exception);
            return null;
        }
    }

    private async Task CarryToRedisAsync(CancellationToken cancellationToken)
    {
        foreach (var bucket in await inPostgres.RecentAsync(Minute, cancellationToken))
        {
            seen.Note(bucket.Counter, bucket.Minute, bucket.Count, 0);
        }

        await inRedis.RaiseAsync(seen.All(Minute), cancellationToken);
    }

    private async Task<Counts> CountInPostgresAsync(
        CallBudget budget, (long Current, long Previous) least, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var counts = await inPostgres.CountAsync(budget, least, now, cancellationToken);
        seen.Note(budget.Counter, SlidingWindow.Minute(now), counts.Current, counts.Previous);
        return counts;
    }

    private void Away(Exception? exception)
    {
        if (outage.Begin())
        {
            LogRedisAway(exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis does not answer; the per-minute limits are counted in Postgres until it does.")]
    private partial void LogRedisAway(Exception? exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Redis answers again; the per-minute limits are counted there.")]
    private partial void LogRedisBack();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The counts of the per-minute limits could not be carried over between Redis and Postgres; trying again.")]
    private partial void LogNotCarriedOver(Exception exception);
}
