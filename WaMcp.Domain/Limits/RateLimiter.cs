using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;

namespace WaMcp.Domain.Limits;

/// <summary>
/// The per-minute limit, shared by all replicas: counted in Redis by one atomic script, or in Postgres while Redis is away. The same round
/// trip tells the client's epoch, so that a call knows whether what is cached of its rights is still current.
/// </summary>
/// <remarks>
/// Fails closed: when neither Redis nor Postgres answers, the call throws and the request path refuses it. The invariant: however many
/// processes share a key, the weighted count never exceeds its limit, also when Redis stops, hangs, is flushed or comes back empty; only calls
/// that were under way at the very moment of a change of store can be counted once too little. docs/architecture/rate-limiting.md.
/// </remarks>
public sealed partial class RateLimiter
{
    // KEYS: current bucket, previous bucket, the client's epoch. ARGV: limit, milliseconds left of the minute, least current, least previous, a
    // new epoch. An epoch is never used twice, so one that is told again has been in force all the time.
    private const string Script =
        """
        local epoch = redis.call('GET', KEYS[3])
        if not epoch then
            epoch = ARGV[5]
            redis.call('SET', KEYS[3], epoch, 'EX', 86400)
        end
        local current = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[3]))
        local previous = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[4]))
        if previous * tonumber(ARGV[2]) + (current + 1) * 60000 > tonumber(ARGV[1]) * 60000 then
            return {0, previous, current, epoch}
        end
        current = current + 1
        redis.call('SET', KEYS[1], current, 'EX', 180)
        return {1, previous, current, epoch}
        """;

    // $1 subject, $2 this minute, $3 the one before, $4 limit, $5 milliseconds left, $6 least current, $7 least previous.
    private const string Upsert =
        """
        WITH previous AS (
            SELECT greatest($7, (SELECT count FROM rate_limit_buckets WHERE subject = $1 AND bucket_start = $3)) AS count
        ), admitted AS (
            INSERT INTO rate_limit_buckets AS bucket (subject, bucket_start, count)
            SELECT $1, $2, $6 + 1 FROM previous WHERE previous.count * $5 + ($6 + 1) * 60000 <= $4 * 60000
            ON CONFLICT (subject, bucket_start) DO UPDATE SET count = greatest(bucket.count, $6) + 1
                WHERE (SELECT count FROM previous) * $5 + (greatest(bucket.count, $6) + 1) * 60000 <= $4 * 60000
            RETURNING count
        )
        SELECT (SELECT count FROM admitted)::bigint, previous.count::bigint,
               greatest($6, (SELECT count FROM rate_limit_buckets WHERE subject = $1 AND bucket_start = $2))::bigint
        FROM previous
        """;

    private readonly IConnectionMultiplexer redis;
    private readonly NpgsqlDataSource database;
    private readonly TimeSpan patience;
    private readonly TimeProvider clock;
    private readonly ILogger<RateLimiter> logger;
    private readonly RedisOutage outage;
    private readonly SeenCounts seen = new();

    // Part of every epoch: what Redis says after an interruption is not comparable with what it said before. It may have come back from a
    // snapshot that is older than the last revocation.
    private long interruptions;

    /// <summary>Makes the limiter.</summary>
    /// <param name="redis">Speed.</param>
    /// <param name="database">The truth while Redis is away.</param>
    /// <param name="options">How long to wait for Redis.</param>
    /// <param name="clock">Which minute it is.</param>
    /// <param name="logger">Says when Redis goes and comes.</param>
    public RateLimiter(
        IConnectionMultiplexer redis, NpgsqlDataSource database, IOptions<RateLimiterOptions> options, TimeProvider clock, ILogger<RateLimiter> logger)
    {
        (this.redis, this.database, this.clock, this.logger) = (redis, database, clock, logger);
        patience = options.Value.RedisPatience;
        outage = new RedisOutage(clock);
        redis.ConnectionFailed += (_, _) => Interlocked.Increment(ref interruptions);
        redis.ConnectionRestored += (_, _) => Interlocked.Increment(ref interruptions);
    }

    /// <summary>Where the client's epoch stands; whoever changes a client's rights removes it.</summary>
    public static string EpochKey(Tenancy.ClientId client) => $"epoch:{{{client}}}";

    /// <summary>Counts one call, if the limit admits it.</summary>
    public async Task<CallCount> CountAsync(CallBudget budget, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (!outage.MayAsk())
        {
            return new(Decide(await CountInPostgresAsync(budget, now, cancellationToken)), null);
        }

        var (current, previous) = seen.Of(budget.Subject, SlidingWindow.Minute(now));
        if (outage.IsHandingOver)
        {
            // Others may still be counting in Postgres alone: for a moment both must admit the call, and it counts once in each.
            var inPostgres = await CountInPostgresAsync(budget, now, cancellationToken);
            if (!inPostgres.Admitted)
            {
                return new(Decide(inPostgres), null);
            }

            (current, previous) = (inPostgres.Current - 1, inPostgres.Previous);
        }

        return await TryRedisAsync(budget, current, previous, now, cancellationToken) is { } inRedis
            ? new(Decide(inRedis.Counts), inRedis.Epoch)
            : new(Decide(await CountInPostgresAsync(budget, now, cancellationToken)), null);

        RateDecision Decide(Counts counts) => SlidingWindow.Decide(counts.Admitted, counts.Previous, counts.Current, budget.Limit, now);
    }

    private async Task<(Counts Counts, string? Epoch)?> TryRedisAsync(
        CallBudget budget, long current, long previous, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await CountInRedisAsync(budget, current, previous, now).WaitAsync(patience, cancellationToken);
            if (outage.End())
            {
                LogRedisBack();
            }

            return answer;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            Interlocked.Increment(ref interruptions);
            if (outage.Begin())
            {
                LogRedisAway(exception);
            }

            return null;
        }
    }

    private async Task<(Counts Counts, string? Epoch)> CountInRedisAsync(CallBudget budget, long current, long previous, DateTimeOffset now)
    {
        var before = Interlocked.Read(ref interruptions);
        var minute = SlidingWindow.Minute(now);
        // One hash tag, so that a client's keys live on one node of a cluster.
        RedisKey[] keys =
        [
            $"rpm:{{{budget.Client}}}:{budget.Subject}:{minute}", $"rpm:{{{budget.Client}}}:{budget.Subject}:{minute - 1}", EpochKey(budget.Client),
        ];
        RedisValue[] values = [budget.Limit, SlidingWindow.LeftMs(now), current, previous, Guid.NewGuid().ToString("N")];
        var answer = ((RedisValue[]?)await EvaluateAsync(keys, values))!;
        // What was asked over one connection may have been answered over the next.
        var epoch = before == Interlocked.Read(ref interruptions) ? $"{before}.{answer[3]}" : null;
        return (Note(budget, minute, (int)answer[0] == 1, (long)answer[2], (long)answer[1]), epoch);
    }

    private async Task<RedisResult> EvaluateAsync(RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await redis.GetDatabase().ScriptEvaluateAsync(Script, keys, values);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // The script cache was flushed; the library knows by now and sends the script itself.
            return await redis.GetDatabase().ScriptEvaluateAsync(Script, keys, values);
        }
    }

    private async Task<Counts> CountInPostgresAsync(CallBudget budget, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var minute = SlidingWindow.Minute(now);
        var (current, previous) = seen.Of(budget.Subject, minute);
        var start = SlidingWindow.BucketStart(now);
        await using var command = database.CreateCommand(Upsert);
        command.Parameters.AddWithValue($"rpm:{budget.Subject}");
        command.Parameters.AddWithValue(start);
        command.Parameters.AddWithValue(start - SlidingWindow.Length);
        command.Parameters.AddWithValue((long)budget.Limit);
        command.Parameters.AddWithValue(SlidingWindow.LeftMs(now));
        command.Parameters.AddWithValue(current);
        command.Parameters.AddWithValue(previous);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var admitted = !reader.IsDBNull(0);
        return Note(budget, minute, admitted, reader.GetInt64(admitted ? 0 : 2), reader.GetInt64(1));
    }

    private Counts Note(CallBudget budget, long minute, bool admitted, long current, long previous)
    {
        seen.Note(budget.Subject, minute, current, previous);
        return new(admitted, current, previous);
    }

    // What a store answered: the counts include the call if it was admitted.
    private readonly record struct Counts(bool Admitted, long Current, long Previous);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis does not answer; the per-minute limits are counted in Postgres until it does.")]
    private partial void LogRedisAway(Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Redis answers again; the per-minute limits are counted there.")]
    private partial void LogRedisBack();
}
