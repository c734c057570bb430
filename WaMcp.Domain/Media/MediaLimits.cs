using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Media;

/// <summary>
/// What can be sent as what, and how large it may be, https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media.
/// </summary>
/// <param name="Types">The MIME types.</param>
/// <param name="MaxBytes">The most bytes.</param>
public sealed record MediaLimits(IReadOnlyList<string> Types, long MaxBytes)
{
    /// <summary>Stickers that do not move may be no larger than this.</summary>
    public const long StillSticker = 100 * Kilo;

    /// <summary>The most bytes of anything.</summary>
    public const long Largest = 100 * Mega;

    private const long Kilo = 1024;
    private const long Mega = 1024 * 1024;

    private static readonly string[] Pictures = ["image/jpeg", "image/png"];
    private static readonly string[] Films = ["video/mp4", "video/3gpp"];
    private static readonly string[] Sounds = ["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"];

    private static readonly string[] Papers =
    [
        "application/pdf", "text/plain", "application/msword", "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ];

    private static readonly Dictionary<MediaKind, MediaLimits> Known = new()
    {
        [MediaKind.Image] = new(Pictures, 5 * Mega),
        [MediaKind.Video] = new(Films, 16 * Mega),
        [MediaKind.Audio] = new(Sounds, 16 * Mega),
        [MediaKind.Document] = new([.. Papers, .. Pictures, .. Films, .. Sounds, "image/webp"], Largest),
        [MediaKind.Sticker] = new(["image/webp"], 500 * Kilo),
    };

    /// <summary>Those of a voice note (https://developers.facebook.com/docs/whatsapp/cloud-api/messages/audio-messages).</summary>
    public static MediaLimits Voice { get; } = new(["audio/ogg"], 16 * Mega);

    /// <summary>Those of one kind.</summary>
    public static MediaLimits Of(MediaKind kind) => Known[kind];

    /// <summary>A number of bytes as people read it.</summary>
    public static string Write(long bytes) => bytes % Mega == 0 ? $"{bytes / Mega} MB" : bytes % Kilo == 0 ? $"{bytes / Kilo} KB" : $"{bytes} bytes";
}
