namespace WaMcp.Domain.Access;

/// <summary>A key as it was read a moment ago. It recognises a token by itself; it says what the bearer may do only while it is current.</summary>
/// <param name="Key">What was read.</param>
/// <param name="Epoch">The client's epoch, told before the reading; null when none was.</param>
/// <param name="AsOf">When the reading began.</param>
internal sealed record CachedKey(StoredKey Key, string? Epoch, long AsOf);
