using System.Globalization;
using System.Text.Json.Nodes;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>Writes messages as Meta wants them (https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages).</summary>
internal static class WhatsAppDocument
{
    /// <summary>The document of one message.</summary>
    /// <param name="recipient">To whom.</param>
    /// <param name="content">What.</param>
    /// <param name="id">Our id, which statuses echo.</param>
    /// <param name="media">Meta's ids of the files in it.</param>
    public static JsonObject Of(
        Recipient recipient, MessageContent content, MessageId id, IReadOnlyDictionary<MediaObjectId, string> media)
    {
        var document = new JsonObject
        {
            ["messaging_product"] = "whatsapp",
            ["recipient_type"] = "individual",
            ["type"] = content.Kind,
            ["biz_opaque_callback_data"] = id.ToString(),
        };

        // If both are present Meta takes "to"; a number can change hands, so the person's id goes alone when we have it. Codes that prove who
        // somebody is go to a number and to nothing else (131062).
        if (recipient.ProviderUserId is { } user && (content.Category != MessageCategory.Authentication || recipient.Phone is null))
        {
            document["recipient"] = user;
        }
        else
        {
            document["to"] = $"+{recipient.Phone}";
        }

        if (content.ReplyTo is { } answered)
        {
            document["context"] = new JsonObject { ["message_id"] = answered };
        }

        document[content.Kind] = content switch
        {
            TextContent text => new JsonObject { ["body"] = text.Text, ["preview_url"] = text.PreviewUrl },
            MediaContent file => File(media[file.Object], file.Caption, file.FileName, file.Voice),
            LocationContent location => Location(location),
            ContactsContent contacts => new JsonArray([.. contacts.Contacts.Select(Contact)]),
            ReactionContent reaction => new JsonObject { ["message_id"] = reaction.ProviderMessageId, ["emoji"] = reaction.Emoji },
            InteractiveContent interactive => WhatsAppInteractive.Of(interactive, media),
            TemplateContent template => WhatsAppTemplateDocument.Of(template, media),
            _ => throw new NotSupportedException($"WhatsApp cannot send {content.Kind}."),
        };
        return document;
    }

    /// <summary>That the business has read a message, and that it types an answer.</summary>
    public static JsonObject Read(string providerMessageId, bool typing)
    {
        var document = new JsonObject { ["messaging_product"] = "whatsapp", ["status"] = "read", ["message_id"] = providerMessageId };
        if (typing)
        {
            document["typing_indicator"] = new JsonObject { ["type"] = "text" };
        }

        return document;
    }

    public static JsonObject File(string id, string? caption = null, string? fileName = null, bool voice = false)
    {
        var file = new JsonObject { ["id"] = id };
        Add(file, "caption", caption);
        Add(file, "filename", fileName);
        if (voice)
        {
            file["voice"] = true;
        }

        return file;
    }

    public static JsonObject Location(LocationContent location)
    {
        // As text: the contract says so, and a double's own digits say where it is.
        var place = new JsonObject
        {
            ["latitude"] = location.Latitude.ToString("0.#########", CultureInfo.InvariantCulture),
            ["longitude"] = location.Longitude.ToString("0.#########", CultureInfo.InvariantCulture),
        };
        Add(place, "name", location.Name);
        Add(place, "address", location.Address);
        return place;
    }

    public static void Add(JsonObject document, string name, string? value)
    {
        if (value is not null)
        {
            document[name] = value;
        }
    }

    private static JsonNode Contact(ContactCard card)
    {
        var name = new JsonObject { ["formatted_name"] = card.Name };
        // Meta wants one part of the name beside the whole of it.
        Add(name, "first_name", card.FirstName ?? (card.LastName is null ? card.Name : null));
        Add(name, "last_name", card.LastName);
        var contact = new JsonObject { ["name"] = name };
        if (card.Company is not null || card.JobTitle is not null)
        {
            var firm = new JsonObject();
            Add(firm, "company", card.Company);
            Add(firm, "title", card.JobTitle);
            contact["org"] = firm;
        }

        AddList("phones", "phone", card.Phones);
        AddList("emails", "email", card.Emails);
        AddList("urls", "url", card.Urls);
        return contact;

        void AddList(string list, string member, IReadOnlyList<string> values)
        {
            if (values.Count > 0)
            {
                contact[list] = new JsonArray([.. values.Select(value => new JsonObject { [member] = value })]);
            }
        }
    }
}
