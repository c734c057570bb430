namespace WaMcp.Domain.Channels;

/// <summary>Whom a message goes to: the provider's own id for the person, the phone number, or both.</summary>
/// <param name="ProviderUserId">For WhatsApp the BSUID.</param>
/// <param name="Phone">Digits of the E.164 number, without the plus.</param>
public sealed record Recipient(string? ProviderUserId, string? Phone);
