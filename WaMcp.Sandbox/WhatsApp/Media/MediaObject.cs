using System.Security.Cryptography;
using WaMcp.Sandbox.Control;

namespace WaMcp.Sandbox.WhatsApp.Media;

/// <summary>A file, uploaded by the business or sent by a customer.</summary>
internal sealed class MediaObject(
    string id, string phoneNumberId, string mimeType, string? fileName, byte[] content, DateTimeOffset expires)
{
    public string Id { get; } = id;

    public string PhoneNumberId { get; } = phoneNumberId;

    public string MimeType { get; } = mimeType;

    public string? FileName { get; } = fileName;

    public byte[] Content { get; } = content;

    /// <summary>30 days for uploads, 7 days for what a customer sent.</summary>
    public DateTimeOffset Expires { get; } = expires;

    public byte[] Sha256 { get; } = SHA256.HashData(content);

    /// <summary>What a test wants to be told wrongly, or slowly.</summary>
    public FileOrder? Order { get; init; }
}
