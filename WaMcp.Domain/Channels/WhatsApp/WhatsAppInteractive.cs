using System.Text.Json.Nodes;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>Writes the <c>interactive</c> member (https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages and its siblings).</summary>
internal static class WhatsAppInteractive
{
    public static JsonObject Of(InteractiveContent content, IReadOnlyDictionary<MediaObjectId, string> media)
    {
        var (type, action) = Write(content.Action);
        var document = new JsonObject { ["type"] = type };
        if (content.Header is { } header)
        {
            document["header"] = Write(header, media);
        }

        document["body"] = new JsonObject { ["text"] = content.Text };
        if (content.Footer is { } footer)
        {
            document["footer"] = new JsonObject { ["text"] = footer };
        }

        document["action"] = action;
        return document;
    }

    private static JsonObject Write(InteractiveHeader header, IReadOnlyDictionary<MediaObjectId, string> media)
    {
        if (header is not InteractiveHeader.File file)
        {
            return new JsonObject { ["type"] = "text", ["text"] = ((InteractiveHeader.Text)header).Words };
        }

        var kind = MediaContent.Word(file.MediaKind);
        return new JsonObject { ["type"] = kind, [kind] = WhatsAppDocument.File(media[file.Object], fileName: file.FileName) };
    }

    private static (string Type, JsonObject Action) Write(InteractiveAction action) => action switch
    {
        InteractiveAction.Buttons buttons => ("button", new JsonObject
        {
            ["buttons"] = new JsonArray([.. buttons.Items.Select(button => new JsonObject
            {
                ["type"] = "reply",
                ["reply"] = new JsonObject { ["id"] = button.Id, ["title"] = button.Title },
            })]),
        }),
        InteractiveAction.Menu menu => ("list", new JsonObject
        {
            ["button"] = menu.Opener,
            ["sections"] = new JsonArray([.. menu.Sections.Select(Section)]),
        }),
        InteractiveAction.Link link => ("cta_url", new JsonObject
        {
            ["name"] = "cta_url",
            ["parameters"] = new JsonObject { ["display_text"] = link.Title, ["url"] = link.Url },
        }),
        InteractiveAction.ContactRequest => ("request_contact_info", new JsonObject { ["name"] = "request_contact_info" }),
        _ => throw new NotSupportedException($"WhatsApp knows no {action.GetType().Name}."),
    };

    private static JsonNode Section(InteractiveAction.Section section)
    {
        var document = new JsonObject();
        WhatsAppDocument.Add(document, "title", section.Title);
        document["rows"] = new JsonArray([.. section.Rows.Select(row =>
        {
            var line = new JsonObject { ["id"] = row.Id, ["title"] = row.Title };
            WhatsAppDocument.Add(line, "description", row.Description);
            return line;
        })]);
        return document;
    }
}
