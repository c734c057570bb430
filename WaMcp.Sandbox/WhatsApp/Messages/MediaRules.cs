using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Media;

namespace WaMcp.Sandbox.WhatsApp.Messages;

/// <summary>image, video, audio, document and sticker: by uploaded id or by public link, never both.</summary>
internal sealed class MediaRules(MediaStore media)
{
    private const int MaxCaption = 1024;

    public void Check(JsonElement parent, string type, string phoneNumberId)
    {
        var file = parent.Object(type, type);
        var id = file.FindText("id");
        var link = file.FindText("link");
        if (id is null == link is null)
        {
            throw id is null
                ? GraphFault.Missing($"Parameter '{type}.id' or '{type}.link' is mandatory for type '{type}'.")
                : GraphFault.Invalid($"'{type}' takes either id or link, not both.");
        }

        CheckFields(file, type);
        if (id is not null)
        {
            CheckUpload(id, type, phoneNumberId);
        }
        else if (!Uri.TryCreate(link, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw GraphFault.Invalid($"'{type}.link' must be an http or https address.");
        }
    }

    private void CheckUpload(string id, string type, string phoneNumberId)
    {
        var known = media.Find(id);
        if (known is null || known.PhoneNumberId != phoneNumberId)
        {
            throw GraphFault.Invalid($"Media with id {id} was not found for this phone number. Upload it first, or again after 30 days.");
        }

        if (!MediaKind.Fits(known.MimeType, type))
        {
            throw new GraphFault(131053, $"The file is {known.MimeType}, which cannot be sent as {type}.");
        }

        if (known.Content.Length > MediaKind.MostBytes(type))
        {
            throw new GraphFault(131053, $"The file has {known.Content.Length} bytes; {type} takes at most {MediaKind.MostBytes(type)}.");
        }
    }

    private static void CheckFields(JsonElement file, string type)
    {
        foreach (var field in file.EnumerateObject())
        {
            var known = field.Name switch
            {
                "id" or "link" or "provider" => true,
                "caption" => type is "image" or "video" or "document",
                "filename" => type == "document",
                "voice" => type == "audio",
                _ => false,
            };
            if (!known)
            {
                throw GraphFault.BadParameter($"Unexpected key \"{field.Name}\" on param \"{type}\".");
            }
        }

        file.OptionalText("caption", $"{type}.caption", MaxCaption);
        file.OptionalText("filename", $"{type}.filename", 240);
    }
}
