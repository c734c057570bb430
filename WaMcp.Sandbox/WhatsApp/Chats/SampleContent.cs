using System.Text.Json;
using WaMcp.Sandbox.Control;
using WaMcp.Sandbox.WhatsApp.Media;

namespace WaMcp.Sandbox.WhatsApp.Chats;

/// <summary>What a customer sends when a test only names the type: one plausible content for every type Meta has.</summary>
internal sealed class SampleContent(MediaStore media)
{
    public static IReadOnlyList<string> Types { get; } =
    [
        "text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "button", "interactive", "order",
        "system", "unsupported",
    ];

    private static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    /// <summary>Writes the value of the member named after the type. <paramref name="text"/> goes where that type has its words.</summary>
    public void Write(Utf8JsonWriter writer, Chat chat, string type, string? text, string? repliesTo, FileOrder? file = null)
    {
        switch (type)
        {
            case "text":
                WriteObject(writer, ("body", text ?? "Hello"));
                break;
            case "image" or "video" or "audio" or "document" or "sticker":
                WriteMedia(writer, chat, type, text, file);
                break;
            case "location":
                WritePlace(writer, text);
                break;
            case "contacts":
                WriteContacts(writer, text);
                break;
            case "reaction":
                WriteObject(writer, ("message_id", repliesTo ?? chat.Last?.Id ?? ""), ("emoji", text ?? "\U0001F44D"));
                break;
            case "button":
                WriteObject(writer, ("payload", text ?? "Stop updates"), ("text", text ?? "Stop updates"));
                break;
            case "interactive":
                WriteReply(writer, text);
                break;
            case "order":
                WriteOrder(writer, text);
                break;
            case "system":
                var change = text ?? $"User {chat.Customer.Name} changed from {chat.Customer.WaId} to 15550100199";
                WriteObject(writer, ("body", change), ("wa_id", "15550100199"), ("type", "user_changed_number"));
                break;
            default:
                throw new ArgumentException($"type '{type}' has no sample; send the whole message as raw.");
        }
    }

    /// <summary>A file of the right type, kept like any other, so that its id can be fetched.</summary>
    public static void WriteMedia(Utf8JsonWriter writer, MediaObject file, string type, string? caption, bool voice = false)
    {
        writer.WriteStartObject();
        if (caption is not null && type is "image" or "video" or "document")
        {
            writer.WriteString("caption", caption);
        }

        if (type == "document")
        {
            writer.WriteString("filename", file.FileName ?? "file");
        }

        writer.WriteString("mime_type", file.MimeType);
        writer.WriteString("sha256", file.Order?.Sha256 ?? Convert.ToBase64String(file.Sha256));
        writer.WriteString("id", file.Id);
        if (type == "audio")
        {
            writer.WriteBoolean("voice", voice);
        }
        else if (type == "sticker")
        {
            writer.WriteBoolean("animated", false);
        }

        writer.WriteEndObject();
    }

    private void WriteMedia(Utf8JsonWriter writer, Chat chat, string type, string? caption, FileOrder? order)
    {
        var (mimeType, name, content) = type switch
        {
            "image" => ("image/png", (string?)null, Png),
            "video" => ("video/mp4", null, "\0\0\0\u0018ftypmp42\0\0\0\0mp42isom"u8.ToArray()),
            "audio" => ("audio/ogg; codecs=opus", null, "OggS\0\u0002\0\0\0\0\0\0\0\0OpusHead"u8.ToArray()),
            "sticker" => ("image/webp", null, "RIFF\u001a\0\0\0WEBPVP8L"u8.ToArray()),
            _ => ("application/pdf", "receipt.pdf", "%PDF-1.4\n%%EOF\n"u8.ToArray()),
        };
        content = order?.Data is { } data ? Convert.FromBase64String(data) : content;
        Array.Resize(ref content, order?.Bytes ?? content.Length);
        var file = media.AddInbound(chat.Number.Id, order?.MimeType ?? mimeType, order?.FileName ?? name, content, order);
        WriteMedia(writer, file, type, caption, voice: true);
    }

    private static void WritePlace(Utf8JsonWriter writer, string? name)
    {
        writer.WriteStartObject();
        writer.WriteNumber("latitude", 52.520815);
        writer.WriteNumber("longitude", 13.409419);
        writer.WriteString("name", name ?? "Fernsehturm");
        writer.WriteString("address", "Panoramastrasse 1A, 10178 Berlin");
        writer.WriteEndObject();
    }

    public static void WriteContact(Utf8JsonWriter writer, string name, string? waId)
    {
        writer.WriteStartArray();
        writer.WriteStartObject();
        WriteNamed(writer, "name", ("first_name", name), ("formatted_name", name));
        writer.WriteStartArray("phones");
        if (waId is not null)
        {
            WriteObject(writer, ("phone", $"+{waId}"), ("wa_id", waId), ("type", "MOBILE"));
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private static void WriteContacts(Utf8JsonWriter writer, string? name) => WriteContact(writer, name ?? "Grace Hopper", "15550100142");

    private static void WriteReply(Utf8JsonWriter writer, string? title)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "button_reply");
        WriteNamed(writer, "button_reply", ("id", title ?? "yes"), ("title", title ?? "Yes"));
        writer.WriteEndObject();
    }

    private static void WriteOrder(Utf8JsonWriter writer, string? text)
    {
        writer.WriteStartObject();
        writer.WriteString("catalog_id", "194836987003835");
        writer.WriteString("text", text ?? "");
        writer.WriteStartArray("product_items");
        writer.WriteStartObject();
        writer.WriteString("product_retailer_id", "di9ozbzfi4");
        writer.WriteNumber("quantity", 2);
        writer.WriteNumber("item_price", 30);
        writer.WriteString("currency", "USD");
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteNamed(Utf8JsonWriter writer, string name, params ReadOnlySpan<(string Name, string Value)> members)
    {
        writer.WritePropertyName(name);
        WriteObject(writer, members);
    }

    private static void WriteObject(Utf8JsonWriter writer, params ReadOnlySpan<(string Name, string Value)> members)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in members)
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
    }
}
