using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.WhatsApp.Messages;

/// <summary>
/// Interactive messages. Limits:
/// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages and its siblings.
/// </summary>
internal sealed class InteractiveRules(MediaRules media)
{
    private const int MaxBody = 1024;
    private const int MaxListBody = 4096;
    private const int MaxShort = 60;
    private const int MaxButtonTitle = 20;

    /// <summary>Types of Meta's that the phone page shows as plain text; their action is not looked into.</summary>
    private static readonly HashSet<string> Loose = new(StringComparer.Ordinal)
    {
        "product", "product_list", "catalog_message", "address_message", "carousel", "voice_call", "call_permission_request",
        "order_details", "order_status",
    };

    public void Check(JsonElement message, string phoneNumberId)
    {
        var interactive = message.Object("interactive", "interactive");
        var type = interactive.Text("type", "interactive.type", 100);
        var body = interactive.Find("body");
        if (body is not null || type != "product")
        {
            interactive.Object("body", "interactive.body").Text("text", "interactive.body.text", type == "list" ? MaxListBody : MaxBody);
        }

        if (interactive.Find("footer") is not null)
        {
            interactive.Object("footer", "interactive.footer").Text("text", "interactive.footer.text", MaxShort);
        }

        CheckHeader(interactive, type, phoneNumberId);
        CheckAction(interactive, type);
    }

    private void CheckHeader(JsonElement interactive, string type, string phoneNumberId)
    {
        if (interactive.Find("header") is not { } header)
        {
            return;
        }

        var format = header.Text("type", "interactive.header.type", 20);
        switch (format)
        {
            case "text":
                header.Text("text", "interactive.header.text", MaxShort);
                break;
            case "image" or "video" or "document" when type != "list":
                media.Check(header, format, phoneNumberId);
                break;
            default:
                throw GraphFault.Invalid($"interactive.header.type '{format}' is not supported for interactive type '{type}'.");
        }
    }

    private static void CheckAction(JsonElement interactive, string type)
    {
        var action = interactive.Object("action", "interactive.action");
        switch (type)
        {
            case "button":
                CheckButtons(action);
                break;
            case "list":
                CheckList(action);
                break;
            case "cta_url":
                CheckLink(action);
                break;
            case "flow":
                CheckFlow(action);
                break;
            case "location_request_message":
                Named(action, "send_location");
                break;
            case "request_contact_info":
                Named(action, "request_contact_info");
                break;
            default:
                if (!Loose.Contains(type))
                {
                    throw GraphFault.Invalid($"interactive.type '{type}' is not a type of interactive message.");
                }

                break;
        }
    }

    private static void CheckButtons(JsonElement action)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var titles = new HashSet<string>(StringComparer.Ordinal);
        foreach (var button in action.Array("buttons", "interactive.action.buttons", 1, 3).EnumerateArray())
        {
            if (button.FindText("type") != "reply")
            {
                throw GraphFault.Invalid("interactive.action.buttons.type must be 'reply'.");
            }

            var reply = button.Object("reply", "interactive.action.buttons.reply");
            var unique = ids.Add(reply.Text("id", "interactive.action.buttons.reply.id", 256))
                & titles.Add(reply.Text("title", "interactive.action.buttons.reply.title", MaxButtonTitle));
            if (!unique)
            {
                throw GraphFault.Invalid("Buttons must have different ids and different titles.");
            }
        }
    }

    private static void CheckList(JsonElement action)
    {
        action.Text("button", "interactive.action.button", MaxButtonTitle);
        var sections = action.Array("sections", "interactive.action.sections", 1, 10);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var section in sections.EnumerateArray())
        {
            var title = section.OptionalText("title", "interactive.action.sections.title", 24);
            if (string.IsNullOrEmpty(title) && sections.GetArrayLength() > 1)
            {
                throw GraphFault.Missing("Parameter 'interactive.action.sections.title' is mandatory when there is more than one section.");
            }

            foreach (var row in section.Array("rows", "interactive.action.sections.rows", 1, 10).EnumerateArray())
            {
                row.Text("title", "interactive.action.sections.rows.title", 24);
                row.OptionalText("description", "interactive.action.sections.rows.description", 72);
                if (!ids.Add(row.Text("id", "interactive.action.sections.rows.id", 200)))
                {
                    throw GraphFault.Invalid("The rows of a list must have different ids.");
                }
            }
        }

        if (ids.Count > 10)
        {
            throw GraphFault.Invalid($"A list has at most 10 rows over all sections, this one has {ids.Count}.");
        }
    }

    private static void CheckLink(JsonElement action)
    {
        Named(action, "cta_url");
        var parameters = action.Object("parameters", "interactive.action.parameters");
        parameters.Text("display_text", "interactive.action.parameters.display_text", 20);
        var url = parameters.Text("url", "interactive.action.parameters.url", 2000);
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw GraphFault.Invalid("interactive.action.parameters.url must be an http or https address.");
        }
    }

    private static void CheckFlow(JsonElement action)
    {
        Named(action, "flow");
        var parameters = action.Object("parameters", "interactive.action.parameters");
        if (parameters.Text("flow_message_version", "interactive.action.parameters.flow_message_version", 10) != "3")
        {
            throw GraphFault.Invalid("interactive.action.parameters.flow_message_version must be \"3\".");
        }

        parameters.Text("flow_cta", "interactive.action.parameters.flow_cta", 30);
        if (parameters.FindText("flow_id") is null == parameters.FindText("flow_name") is null)
        {
            throw GraphFault.Invalid("interactive.action.parameters takes either flow_id or flow_name.");
        }
    }

    private static void Named(JsonElement action, string name)
    {
        if (action.Text("name", "interactive.action.name", 100) != name)
        {
            throw GraphFault.Invalid($"interactive.action.name must be '{name}'.");
        }
    }
}
