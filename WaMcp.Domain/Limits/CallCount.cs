namespace WaMcp.Domain.Limits;

/// <summary>The answer to one counted call.</summary>
/// <param name="Decision">Whether it may go on.</param>
/// <param name="Epoch">
/// Names the present state of the client's rights: what was read from Postgres after an epoch was told is current as long as the same
/// one is told again. Null while Redis is away: then nothing that was read before this call is known to be current.
/// </param>
public sealed record CallCount(RateDecision Decision, string? Epoch);
