using WaMcp.Domain.Limits;

namespace WaMcp.Tests.Limits;

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
    public void RetryAfterIsTheFirstMomentAtWhichACallFits()
    {
        // 5 used in this minute of 5: they weigh 5 x (1 - e) in the next; a sixth fits when that is 4, at e = 0.2, 12 s into it.
        SlidingWindow.Decide(false, previous: 0, current: 5, limit: 5, Minute.AddSeconds(20)).RetryAfter.ShouldBe(TimeSpan.FromSeconds(52));
        // 10 x (1 - e) + 2 + 1 <= 10 at e = 0.3, 18 s into this minute.
        SlidingWindow.Decide(false, previous: 10, current: 2, limit: 10, Minute.AddSeconds(6)).RetryAfter.ShouldBe(TimeSpan.FromSeconds(12));
    }
}
