using WaMcp.Domain.Limits;

namespace WaMcp.Tests.Limits;

/// <summary>
/// The arithmetic of the window. That Redis and Postgres admit by the same rule,
/// <c>previous * (1 - elapsed) + current + 1 &lt;= limit</c>, is held by <see cref="Auth.RateLimitTests"/> from outside.
/// </summary>
public sealed class SlidingWindowTests
{
    private static readonly DateTimeOffset Minute = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, 60_000)]
    [InlineData(15_000, 45_000)]
    [InlineData(59_999, 1)]
    public void ThePreviousMinuteWeighsWhatIsLeftOfThisOne(int millisecond, long left) =>
        SlidingWindow.LeftMs(Minute.AddMilliseconds(millisecond)).ShouldBe(left);

    [Fact]
    public void RemainingIsWhatTheWeightedCountLeaves()
    {
        // 10 x 0.5 + 3 = 8 of 20
        var decision = SlidingWindow.Decide(admitted: true, previous: 10, current: 3, limit: 20, Minute.AddSeconds(30));
        decision.Remaining.ShouldBe(12);
        decision.ResetAt.ShouldBe(Minute.AddMinutes(1));
        decision.RetryAfter.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void WhatRemainsDoesNotJumpWhenTheMinuteTurns()
    {
        // Seven calls are seven calls in the last moment of their minute and in the first moment of the next.
        SlidingWindow.Decide(true, previous: 0, current: 7, limit: 10, Minute.AddTicks(-1)).Remaining.ShouldBe(3);
        SlidingWindow.Decide(true, previous: 7, current: 0, limit: 10, Minute).Remaining.ShouldBe(3);
        SlidingWindow.BucketStart(Minute.AddTicks(-1)).ShouldBe(Minute.AddMinutes(-1));
        SlidingWindow.BucketStart(Minute).ShouldBe(Minute);
    }

    [Fact]
    public void RetryAfterIsTheFirstMomentAtWhichACallFits()
    {
        // 5 used in this minute of 5: they weigh 5 x (1 - e) in the next; a sixth fits when that is 4, at e = 0.2, 12 s into it.
        SlidingWindow.Decide(false, previous: 0, current: 5, limit: 5, Minute.AddSeconds(20)).RetryAfter.ShouldBe(TimeSpan.FromSeconds(52));
        // 10 x (1 - e) + 2 + 1 <= 10 at e = 0.3, 18 s into this minute.
        SlidingWindow.Decide(false, previous: 10, current: 2, limit: 10, Minute.AddSeconds(6)).RetryAfter.ShouldBe(TimeSpan.FromSeconds(12));
    }

    [Fact]
    public void RetryAfterIsNeverTooEarlyAndNeverASecondTooLate()
    {
        foreach (var (limit, previous, current, second) in
            from limit in new[] { 1, 2, 5, 10, 60 }
            from previous in Enumerable.Range(0, limit + 1)
            from current in Enumerable.Range(0, limit + 1)
            from second in new[] { 0, 1, 17, 30, 59 }
            where Weight(previous, current, second) + 1 > limit
            select (limit, previous, current, second))
        {
            var wait = SlidingWindow.Decide(false, previous, current, limit, Minute.AddSeconds(second)).RetryAfter.TotalSeconds;

            var then = second + wait;
            Fits(then).ShouldBeTrue($"{previous} and {current} of {limit} at {second} s, after {wait} s");
            (wait <= 1 || !Fits(then - 1)).ShouldBeTrue($"{previous} and {current} of {limit} at {second} s: {wait} s is too long");

            bool Fits(double at) => (at < 60 ? Weight(previous, current, at) : at < 120 ? Weight(current, 0, at - 60) : 0) + 1 <= limit + 1e-9;
        }

        static double Weight(int previous, int current, double second) => (previous * (1 - (second / 60))) + current;
    }
}
