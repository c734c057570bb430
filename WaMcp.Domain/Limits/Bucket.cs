namespace WaMcp.Domain.Limits;

/// <summary>One counter's calls in one minute.</summary>
/// <param name="Counter">Its name, the same in both stores.</param>
/// <param name="Minute">Since 1970.</param>
/// <param name="Count">Calls.</param>
internal readonly record struct Bucket(string Counter, long Minute, long Count);
