namespace WaMcp.Domain.Channels;

/// <summary>How handing a file to the provider ended. There is no doubt here: what nobody knows about is uploaded again.</summary>
/// <param name="ProviderMediaId">The provider's id of it; null when it was not taken.</param>
/// <param name="Failure">Why not.</param>
public sealed record UploadOutcome(string? ProviderMediaId, SendOutcome? Failure = null);
