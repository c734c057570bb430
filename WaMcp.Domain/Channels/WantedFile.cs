namespace WaMcp.Domain.Channels;

/// <summary>A file that a contact sent and that is to be fetched.</summary>
/// <param name="ProviderMediaId">The provider's id of it.</param>
/// <param name="Sha256">Its hash as the message said it, base64 or hex; null when it said none.</param>
/// <param name="MaxBytes">The most bytes.</param>
/// <param name="Folder">Where to write it.</param>
/// <param name="Owner">What it is for: the same at every attempt.</param>
public sealed record WantedFile(string ProviderMediaId, string? Sha256, long MaxBytes, string Folder, string Owner);
