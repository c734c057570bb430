using Microsoft.Extensions.Logging;
using Npgsql;
using StackExchange.Redis;

namespace WaMcp.Domain.Limits;

/// <summary>The per-minute limit, shared by all replicas: counted in Redis by one atomic script, or in Postgres while Redis is away.</summary>
/// <remarks>
/// Fails closed: when neither Redis nor Postgres answers, the call throws and the request path refuses it. The invariant: however many
/// processes share a key, the weighted count never exceeds its limit by what is admitted here.
/// </remarks>
/// <param name="redis">Speed.</param>
/// <param name="database">The truth while Redis is away.</param>
/// <param name="clock">Which minute it is.</param>
/// <param name="logger">Says when Redis goes and comes.</param>
public sealed partial class RateLimiter(IConnectionMultiplexer redis, NpgsqlDataSource database, TimeProvider clock, ILogger<RateLimiter> logger)
{
    // KEYS: current bucket, previous bucket. ARGV: limit, weight of the previous bucket, seconds to keep.
    private const string Script =
        """
        local current = tonumber(redis.call('GET', KEYS[1]) or '0')
        local previous = tonumber(redis.call('GET', KEYS[2]) or '0')
        if previous * tonumber(ARGV[2]) + current + 1 > tonumber(ARGV[1]) then
            return {0, previous, current}
        end
        current = redis.call('INCR', KEYS[1])
        redis.call('EXPIRE', KEYS[1], ARGV[3])
        return {1, previous, current}
        """;

    private const string Upsert =
        """
        WITH previous AS (
            SELECT coalesce((SELECT count FROM rate_limit_buckets WHERE subject = $1 AND bucket_start = $3), 0) AS count
        ), admitted AS (
            INSERT INTO rate_limit_buckets AS bucket (subject, bucket_start, count)
            SELECT $1, $2, 1 FROM previous WHERE previous.count * $5::double precision + 1 <= $4
            ON CONFLICT (subject, bucket_start) DO UPDATE SET count = bucket.count + 1
                WHERE (SELECT count FROM previous) * $5::double precision + bucket.count + 1 <= $4
            RETURNING count
        )
        SELECT (SELECT count FROM admitted), previous.count,
               (SELECT count FROM rate_limit_buckets WHERE subject = $1 AND bucket_start = $2)
        FROM previous
        """;

    private const int KeepSeconds = 180;

    // A Redis that is frozen keeps its connections and never answers; the client's own timeouts do not cover awaited calls.
    private static readonly TimeSpan RedisPatience = TimeSpan.FromMilliseconds(500);

    private bool redisAway;

    /// <summary>Counts one call of the subject, if the limit admits it.</summary>
    public async Task<RateDecision> CountAsync(string subject, int limit, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        try
        {
            var decision = await CountInRedisAsync(subject, limit, now).WaitAsync(RedisPatience, cancellationToken);
            if (redisAway)
            {
                redisAway = false;
                LogRedisBack();
            }

            return decision;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            if (!redisAway)
            {
                redisAway = true;
                LogRedisAway(exception);
            }

            return await CountInPostgresAsync(subject, limit, now, cancellationToken);
        }
    }

    private async Task<RateDecision> CountInRedisAsync(string subject, int limit, DateTimeOffset now)
    {
        var minute = now.ToUnixTimeSeconds() / 60;
        // One hash tag, so that both buckets live on one node of a cluster.
        RedisKey[] keys = [$"rpm:{{{subject}}}:{minute}", $"rpm:{{{subject}}}:{minute - 1}"];
        RedisValue[] values = [limit, 1 - SlidingWindow.Elapsed(now), KeepSeconds];
        var answer = ((RedisValue[]?)await redis.GetDatabase().ScriptEvaluateAsync(Script, keys, values))!;
        return SlidingWindow.Decide((int)answer[0] == 1, (long)answer[1], (long)answer[2], limit, now);
    }

    private async Task<RateDecision> CountInPostgresAsync(string subject, int limit, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var start = SlidingWindow.BucketStart(now);
        await using var command = database.CreateCommand(Upsert);
        command.Parameters.AddWithValue($"rpm:{subject}");
        command.Parameters.AddWithValue(start);
        command.Parameters.AddWithValue(start - SlidingWindow.Length);
        command.Parameters.AddWithValue(limit);
        command.Parameters.AddWithValue(1 - SlidingWindow.Elapsed(now));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var admitted = !reader.IsDBNull(0);
        var current = admitted ? reader.GetInt32(0) : reader.IsDBNull(2) ? 0 : reader.GetInt32(2);
        return SlidingWindow.Decide(admitted, reader.GetInt32(1), current, limit, now);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis does not answer; the per-minute limits are counted in Postgres until it does.")]
    private partial void LogRedisAway(Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Redis answers again; the per-minute limits are counted there.")]
    private partial void LogRedisBack();
}
