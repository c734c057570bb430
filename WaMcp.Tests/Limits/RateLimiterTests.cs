using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;
using WaMcp.Domain.Data;
using WaMcp.Domain.Limits;
using WaMcp.Domain.Tenancy;
using WaMcp.Tests.Data;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Limits;

/// <summary>The limiter against an oracle that knows nothing but the rule, on the real stores.</summary>
public sealed class RateLimiterTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private readonly ManualClock clock = new(Start);
    private readonly ClientId client = TypedId.New<ClientId>();
    private NpgsqlDataSource database = null!;

    public async Task InitializeAsync() => database = NpgsqlDataSource.Create((await MigratedDatabase.CreateAsync()).App);

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Theory]
    [InlineData("Redis", 1)]
    [InlineData("Redis", 2)]
    [InlineData("Postgres", 3)]
    [InlineData("Postgres", 4)]
    [InlineData("both", 5)]
    public async Task DecidesAsTheRuleSaysUnderRandomClocksAndLimits(string store, int seed)
    {
        var random = new Random(seed);
        await using var redis = store == "Postgres" ? new LocalRedis() : await LocalRedis.RunAsync();
        using var connection = await ConnectAsync(redis);
        for (var subject = 0; subject < 15; subject++)
        {
            var limiter = store == "Redis" ? await LimiterInRedisAsync(connection) : Limiter(connection);
            var budget = new CallBudget(client, $"key-{subject}", random.Next(1, 25));
            var oracle = new Oracle(budget.Limit);
            for (var call = 0; call < 80; call++)
            {
                clock.Now += TimeSpan.FromTicks(random.NextInt64(random.Next(4) switch { 0 => 10_000, 1 => 20_000_000, 2 => 300_000_000, _ => 1_000_000_000 }));
                var count = await limiter.CountAsync(budget, default);

                var context = $"seed {seed}, subject {subject}, call {call}, limit {budget.Limit}, at {clock.Now:O}";
                (count.Epoch is not null).ShouldBe(store == "Redis" || (store == "both" && count.Decision.Admitted), context);
                var admitted = oracle.Call(clock.Now);
                count.Decision.Admitted.ShouldBe(admitted, context);
                count.Decision.Remaining.ShouldBe(oracle.Remaining(clock.Now), context);
                count.Decision.RetryAfter.ShouldBe(admitted ? TimeSpan.Zero : oracle.Wait(clock.Now), context);
            }
        }
    }

    [Fact]
    public async Task FiveCallsAtZeroAndFiveAtThirtySecondsOfATenPerMinuteKeyLeaveNothingUntilTheFirstWeighLess()
    {
        // Both fives lie in the same bucket, so at 31 s nothing has rolled off; they weigh less from the next minute on.
        await using var redis = await LocalRedis.RunAsync();
        using var connection = await ConnectAsync(redis);
        var limiter = await LimiterInRedisAsync(connection);
        var budget = new CallBudget(client, "weighted", 10);
        await CallsAsync(limiter, budget, 5, TimeSpan.Zero);
        await CallsAsync(limiter, budget, 5, TimeSpan.FromSeconds(30));

        (await AtAsync(limiter, budget, TimeSpan.FromSeconds(31))).RetryAfter.ShouldBe(TimeSpan.FromSeconds(35));
        (await AtAsync(limiter, budget, TimeSpan.FromSeconds(65.999))).Admitted.ShouldBeFalse();
        (await AtAsync(limiter, budget, TimeSpan.FromSeconds(66))).Admitted.ShouldBeTrue(); // 10 x 54/60 + 1 = 10
    }

    [Fact]
    public async Task FiveCallsInTheMinuteBeforeAndFiveNowLeaveRoomForAnEleventhOnceTheFirstHaveRolledOff()
    {
        await using var redis = await LocalRedis.RunAsync();
        using var connection = await ConnectAsync(redis);
        var limiter = await LimiterInRedisAsync(connection);
        var budget = new CallBudget(client, "rolled", 10);
        await CallsAsync(limiter, budget, 5, TimeSpan.FromSeconds(30));
        await CallsAsync(limiter, budget, 5, TimeSpan.FromSeconds(60));

        (await AtAsync(limiter, budget, TimeSpan.FromSeconds(71))).Admitted.ShouldBeFalse(); // 5 x 49/60 + 6 = 10.08
        (await AtAsync(limiter, budget, TimeSpan.FromSeconds(72))).Admitted.ShouldBeTrue(); // 5 x 48/60 + 6 = 10
    }

    [Fact]
    public async Task ManyProcessesSideBySideAdmitExactlyTheLimit()
    {
        await using var redis = await LocalRedis.RunAsync();
        await using var away = new LocalRedis();
        foreach (var (server, inRedis) in new[] { (redis, true), (redis, false), (away, false) })
        {
            using var connection = await ConnectAsync(server);
            var limiters = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => inRedis ? LimiterInRedisAsync(connection) : Task.FromResult(Limiter(connection))));
            var budget = new CallBudget(client, $"shared-{server.Port}-{inRedis}", 50);
            var decisions = await Task.WhenAll(Enumerable.Range(0, 200).Select(call => limiters[call % 4].CountAsync(budget, default)));
            decisions.Count(decision => decision.Decision.Admitted).ShouldBe(50);
            decisions.ShouldAllBe(decision => !inRedis || decision.Epoch != null);
        }
    }

    [Fact]
    public async Task AClockThatGoesBackAddsNoBudget()
    {
        await using var redis = await LocalRedis.RunAsync();
        using var connection = await ConnectAsync(redis);
        var limiter = await LimiterInRedisAsync(connection);
        var budget = new CallBudget(client, "back", 10);
        await CallsAsync(limiter, budget, 10, TimeSpan.FromSeconds(60));
        (await AtAsync(limiter, budget, TimeSpan.FromSeconds(59))).Admitted.ShouldBeTrue(); // that minute is empty: clocks must agree
        (await AtAsync(limiter, budget, TimeSpan.FromSeconds(60))).Admitted.ShouldBeFalse();
    }

    private static Task<ConnectionMultiplexer> ConnectAsync(LocalRedis redis) =>
        // Not ConnectAsync: what is awaited there goes on on the reader's thread.
        Task.FromResult(ConnectionMultiplexer.Connect($"{redis.ConnectionString},abortConnect=false,connectTimeout={(redis.IsRunning ? 20_000 : 500)},connectRetry=1"));

    private RateLimiter Limiter(IConnectionMultiplexer redis, TimeSpan? handOver = null) => new(
        redis,
        database,
        Options.Create(new RateLimiterOptions { RedisPatience = TimeSpan.FromSeconds(10), HandOver = handOver ?? TimeSpan.FromMinutes(1) }),
        clock,
        NullLogger<RateLimiter>.Instance);

    // One that counts there alone from its first look on.
    private async Task<RateLimiter> LimiterInRedisAsync(IConnectionMultiplexer redis)
    {
        var limiter = Limiter(redis, TimeSpan.Zero);
        await limiter.LookAsync(default);
        return limiter;
    }

    private async Task CallsAsync(RateLimiter limiter, CallBudget budget, int calls, TimeSpan at)
    {
        for (var call = 0; call < calls; call++)
        {
            (await AtAsync(limiter, budget, at)).Admitted.ShouldBeTrue();
        }
    }

    private async Task<RateDecision> AtAsync(RateLimiter limiter, CallBudget budget, TimeSpan at)
    {
        clock.Now = Start + at;
        return (await limiter.CountAsync(budget, default)).Decision;
    }

    // previous * (1 - elapsed) + current, as product.md says it; multiplied out, so that nothing is rounded.
    private sealed class Oracle(int limit)
    {
        private readonly Dictionary<long, long> calls = [];

        public bool Call(DateTimeOffset now)
        {
            var admitted = Fits(now);
            calls[Minute(now)] = Count(Minute(now)) + (admitted ? 1 : 0);
            return admitted;
        }

        public int Remaining(DateTimeOffset now)
        {
            var left = limit;
            while (left > 0 && Weight(now) + (left * 60_000L) > limit * 60_000L)
            {
                left--;
            }

            return left;
        }

        public TimeSpan Wait(DateTimeOffset now)
        {
            var seconds = 1;
            while (!Fits(now.AddSeconds(seconds)))
            {
                seconds++;
            }

            return TimeSpan.FromSeconds(seconds);
        }

        private bool Fits(DateTimeOffset now) => Weight(now) + 60_000 <= limit * 60_000L;

        private long Weight(DateTimeOffset now) =>
            (Count(Minute(now) - 1) * (60_000 - (now.ToUnixTimeMilliseconds() % 60_000))) + (Count(Minute(now)) * 60_000);

        private long Count(long minute) => calls.GetValueOrDefault(minute);

        private static long Minute(DateTimeOffset now) => now.ToUnixTimeMilliseconds() / 60_000;
    }
}
