namespace WaMcp.Domain.Limits;

/// <summary>What a store answered to one call.</summary>
/// <param name="Admitted">Whether it counted the call in.</param>
/// <param name="Current">Calls of this minute, the admitted one included.</param>
/// <param name="Previous">Calls of the minute before.</param>
internal readonly record struct Counts(bool Admitted, long Current, long Previous);
