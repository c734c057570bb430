namespace WaMcp.Domain.Messages;

/// <summary>The caller's word for one order.</summary>
/// <param name="Key">The word.</param>
/// <param name="InputHash">What was ordered under it.</param>
public sealed record RepeatKey(string Key, string InputHash)
{
    /// <summary>Characters of a key.</summary>
    public const int MaxKey = 128;
}
