namespace WaMcp.Domain.Limits;

/// <summary>The answer of a per-minute limit.</summary>
/// <param name="Admitted">Whether the call may go on.</param>
/// <param name="Limit">Calls a minute.</param>
/// <param name="Remaining">Calls left just now.</param>
/// <param name="ResetAt">When the current minute ends.</param>
/// <param name="RetryAfter">How long to wait; whole seconds, zero when admitted.</param>
public sealed record RateDecision(bool Admitted, int Limit, int Remaining, DateTimeOffset ResetAt, TimeSpan RetryAfter);
