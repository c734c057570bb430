using StackExchange.Redis;

namespace WaMcp.Domain.Limits;

/// <summary>The counters in Redis. Every method throws <see cref="RedisException"/> or <see cref="TimeoutException"/> within the patience.</summary>
/// <param name="redis">The connection.</param>
/// <param name="patience">How long to wait for an answer.</param>
internal sealed class RedisCounters(IConnectionMultiplexer redis, TimeSpan patience)
{
    // KEYS: current bucket, previous bucket, the client's epoch. ARGV: limit, milliseconds left of the minute, least current, least previous, a
    // new epoch. An epoch is never used twice, so one that is told again has been in force all the time.
    private const string CountScript =
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

    private const string RaiseScript =
        """
        if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
            redis.call('SET', KEYS[1], ARGV[1], 'EX', 180)
        end
        return 1
        """;

    private const int RaisedAtOnce = 500;

    // Goes when Redis loses its memory.
    private static readonly RedisKey Generation = "rpm:generation";

    /// <summary>Counts one call, if the limit admits it, and tells the client's epoch.</summary>
    public async Task<(Counts Counts, string Epoch)> CountAsync(CallBudget budget, (long Current, long Previous) least, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var minute = SlidingWindow.Minute(now);
        RedisKey[] keys = [Key(budget.Counter, minute), Key(budget.Counter, minute - 1), RateLimiter.EpochKey(budget.Client)];
        RedisValue[] values = [budget.Limit, SlidingWindow.LeftMs(now), least.Current, least.Previous, Guid.NewGuid().ToString("N")];
        var answer = ((RedisValue[]?)await EvaluateAsync(CountScript, keys, values).WaitAsync(patience, cancellationToken))!;
        return (new((int)answer[0] == 1, (long)answer[2], (long)answer[1]), answer[3]!);
    }

    /// <summary>Sees to it that no bucket counts less than these.</summary>
    public async Task RaiseAsync(IEnumerable<Bucket> buckets, CancellationToken cancellationToken)
    {
        foreach (var some in buckets.Chunk(RaisedAtOnce))
        {
            await Task.WhenAll(some.Select(bucket => EvaluateAsync(RaiseScript, [Key(bucket.Counter, bucket.Minute)], [bucket.Count])))
                .WaitAsync(patience, cancellationToken);
        }
    }

    /// <summary>Names what Redis remembers: another name means that it has forgotten everything.</summary>
    public async Task<string> GenerationAsync(CancellationToken cancellationToken)
    {
        var store = redis.GetDatabase();
        var told = await store.StringGetAsync(Generation).WaitAsync(patience, cancellationToken);
        if (told.IsNull)
        {
            await store.StringSetAsync(Generation, Guid.NewGuid().ToString("N"), null, When.NotExists).WaitAsync(patience, cancellationToken);
            told = await store.StringGetAsync(Generation).WaitAsync(patience, cancellationToken);
        }

        return told.ToString();
    }

    private static RedisKey Key(string counter, long minute) => $"{counter}:{minute}";

    private async Task<RedisResult> EvaluateAsync(string script, RedisKey[] keys, RedisValue[] values)
    {
        try
        {
            return await redis.GetDatabase().ScriptEvaluateAsync(script, keys, values);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // The script cache was flushed; the library knows by now and sends the script itself.
            return await redis.GetDatabase().ScriptEvaluateAsync(script, keys, values);
        }
    }
}
