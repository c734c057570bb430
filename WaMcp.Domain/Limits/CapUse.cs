namespace WaMcp.Domain.Limits;

/// <summary>How much of a daily cap is used.</summary>
/// <param name="Cap">Messages in 24 hours.</param>
/// <param name="Used">Of the last 24 hours.</param>
/// <param name="Left">Still to be had.</param>
/// <param name="NextFreeAt">When there is a place again; null while there is one.</param>
public sealed record CapUse(int Cap, long Used, long Left, DateTimeOffset? NextFreeAt);
