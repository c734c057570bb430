namespace WaMcp.Sandbox.WhatsApp.Media;

/// <summary>What Meta takes, https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media.</summary>
internal static class MediaKind
{
    private const int Kilo = 1024;
    private const int Mega = 1024 * 1024;

    private static readonly Dictionary<string, (string[] MimeTypes, int MostBytes)> Kinds = new(StringComparer.Ordinal)
    {
        ["image"] = (["image/jpeg", "image/png"], 5 * Mega),
        ["video"] = (["video/mp4", "video/3gpp"], 16 * Mega),
        ["audio"] = (["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"], 16 * Mega),
        ["sticker"] = (["image/webp"], 500 * Kilo),
        ["document"] =
        (
            [
                "text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            ],
            100 * Mega
        ),
    };

    /// <summary>The message type a file of this MIME type belongs to, or null when Meta takes no such file.</summary>
    public static string? Of(string mimeType) =>
        Kinds.FirstOrDefault(kind => kind.Value.MimeTypes.Contains(Plain(mimeType), StringComparer.OrdinalIgnoreCase)).Key;

    public static bool IsKind(string type) => Kinds.ContainsKey(type);

    public static int MostBytes(string kind) => Kinds[kind].MostBytes;

    /// <summary>Any file may be sent as a document.</summary>
    public static bool Fits(string mimeType, string kind) => kind == "document" || Of(mimeType) == kind;

    public static string AllMimeTypes => string.Join(", ", Kinds.Values.SelectMany(kind => kind.MimeTypes));

    /// <summary>Without parameters: audio/ogg; codecs=opus is audio/ogg.</summary>
    private static string Plain(string mimeType) => mimeType.Split(';')[0].Trim();
}
