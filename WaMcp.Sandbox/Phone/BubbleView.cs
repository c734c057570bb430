using System.Globalization;
using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Media;
using WaMcp.Sandbox.WhatsApp.Messages;
using WaMcp.Sandbox.WhatsApp.Templates;

namespace WaMcp.Sandbox.Phone;

/// <summary>Turns a message of either direction into a <see cref="Bubble"/>.</summary>
internal sealed class BubbleView(ChatBook chats, MediaStore media)
{
    /// <summary>Reactions are shown on the message they belong to, not by themselves.</summary>
    public static bool IsShown(ChatMessage message) => message.Type != "reaction";

    public Bubble Of(ChatMessage message)
    {
        using var parsed = JsonDocument.Parse(message.Content);
        var bubble = Content(message, parsed.RootElement) with { Quote = Quote(message) };
        return message.FromCustomer
            ? bubble
            : bubble with { Choices = [.. MessageChoices.Of(message, parsed.RootElement).Select(Choice)] };
    }

    /// <summary>One line for lists and quotes; never follows a quote, a chain of answers may be long.</summary>
    public string Preview(ChatMessage message)
    {
        using var parsed = JsonDocument.Parse(message.Content);
        var bubble = Content(message, parsed.RootElement);
        return bubble.Text ?? bubble.Header ?? bubble.Place?.Name ?? bubble.Media?.FileName ?? $"[{message.Type}]";
    }

    private static BubbleChoice Choice(MessageChoices.Choice choice, int index) =>
        new(index, choice.Kind, choice.Title) { Description = choice.Description, Section = choice.Section, Value = choice.Value };

    private BubbleQuote? Quote(ChatMessage message)
    {
        if (message.RepliesTo is not { } id)
        {
            return null;
        }

        var quoted = chats.FindMessage(id);
        return new BubbleQuote(id, quoted?.FromCustomer == true, quoted is null || quoted == message ? null : Preview(quoted));
    }

    private Bubble Content(ChatMessage message, JsonElement content)
    {
        var bubble = new Bubble
        {
            Id = message.Id,
            Sequence = message.Sequence,
            FromCustomer = message.FromCustomer,
            Type = message.Type,
            At = message.At,
            Status = message.Progress.ToString().ToLowerInvariant(),
            Failure = message.Failure,
            BusinessReaction = message.BusinessReaction,
            CustomerReaction = message.CustomerReaction,
        };
        try
        {
            return message.Template is { } template ? WithTemplate(bubble, template, content) : WithContent(bubble, message, content);
        }
        catch (GraphFault)
        {
            return bubble with { Text = $"[{message.Type}]" }; // a raw message of a test may have any shape
        }
    }

    private Bubble WithTemplate(Bubble bubble, Template template, JsonElement content)
    {
        var layout = template.Layout;
        var components = (content.Find("template") ?? default).Items("components");
        var header = layout.HeaderFormat is null or "TEXT"
            ? TemplateLayout.Fill(layout.HeaderText, layout.HeaderVariables, TemplateRules.Values(components, "header"))
            : null;
        return bubble with
        {
            TemplateName = $"{template.Name} ({template.Language})",
            Header = header is { Length: > 0 } ? header : null,
            Media = TemplateMedia(components),
            Text = string.Join('\n', new[] { layout.OfferText, Body(layout, components) }.Concat(Cards(layout, components)).Where(line => !string.IsNullOrEmpty(line))),
            Footer = layout.FooterText,
        };
    }

    private static string Body(TemplateLayout layout, JsonElement[] components) =>
        TemplateLayout.Fill(layout.BodyText, layout.BodyVariables, TemplateRules.Values(components, "body"));

    /// <summary>The cards of a carousel, a line each.</summary>
    private static IEnumerable<string> Cards(TemplateLayout layout, JsonElement[] components) => TemplateRules.Cards(components)
        .Where(_ => layout.Cards.Count > 0)
        .Select((card, index) => $"{index + 1}. {Body(layout.Card(index), card.Items("components"))}".TrimEnd());

    private BubbleMedia? TemplateMedia(JsonElement[] components) =>
        components
            .Where(component => string.Equals(component.FindText("type"), "header", StringComparison.OrdinalIgnoreCase))
            .SelectMany(component => component.Items("parameters"))
            .Select(MediaInside)
            .FirstOrDefault(found => found is not null);

    /// <summary>The file of an object whose type says under which name it stands.</summary>
    private BubbleMedia? MediaInside(JsonElement typed) =>
        typed.FindText("type") is { } kind && MediaKind.IsKind(kind) && typed.Find(kind) is { } file ? Media(kind, file) : null;

    private Bubble WithContent(Bubble bubble, ChatMessage message, JsonElement content)
    {
        var value = content.Find(message.Type) ?? default;
        return message.Type switch
        {
            "text" => bubble with { Text = value.FindText("body") },
            "image" or "video" or "audio" or "document" or "sticker" =>
                bubble with { Media = Media(message.Type, value), Text = value.FindText("caption") },
            "location" => bubble with { Place = Place(value) },
            "contacts" => bubble with { Text = Contacts(value) },
            "reaction" => bubble with { Text = $"Reacted {value.FindText("emoji")}" },
            "button" => bubble with { Text = value.FindText("text") },
            "interactive" when message.FromCustomer => bubble with { Text = Reply(value) },
            "interactive" => WithInteractive(bubble, value),
            "order" => bubble with { Text = "Order" + (value.FindText("text") is { Length: > 0 } words ? $": {words}" : "") },
            "system" => bubble with { Text = value.FindText("body") },
            _ => bubble with { Text = $"[{message.Type}]" },
        };
    }

    private Bubble WithInteractive(Bubble bubble, JsonElement interactive)
    {
        var header = interactive.Find("header") ?? default;
        return bubble with
        {
            Header = header.FindText("type") == "text" ? header.FindText("text") : null,
            Media = MediaInside(header),
            Text = interactive.Find("body")?.FindText("text"),
            Footer = interactive.Find("footer")?.FindText("text"),
            ListButton = interactive.FindText("type") == "list" ? interactive.Find("action")?.FindText("button") : null,
        };
    }

    private BubbleMedia Media(string kind, JsonElement file)
    {
        var id = file.FindText("id");
        var known = media.Find(id);
        var url = id is null ? file.FindText("link") ?? "" : $"/phone/media/{id}";
        return new BubbleMedia(kind, url, file.FindText("filename") ?? known?.FileName, known?.MimeType);
    }

    private static BubblePlace Place(JsonElement location) =>
        new(Degrees(location, "latitude"), Degrees(location, "longitude"), location.FindText("name"), location.FindText("address"));

    private static double Degrees(JsonElement location, string name) =>
        double.TryParse(location.FindText(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var degrees) ? degrees : 0;

    private static string Contacts(JsonElement contacts) =>
        contacts.ValueKind != JsonValueKind.Array ? "[contacts]" : string.Join('\n', contacts.EnumerateArray().Select(contact =>
        {
            var name = contact.Find("name")?.FindText("formatted_name") ?? "?";
            return string.Join(' ', [name, .. contact.Items("phones").Select(phone => phone.FindText("phone"))]).TrimEnd();
        }));

    private static string? Reply(JsonElement interactive) =>
        interactive.Find("button_reply")?.FindText("title")
        ?? interactive.Find("list_reply")?.FindText("title")
        ?? interactive.Find("nfm_reply")?.FindText("body")
        ?? "[interactive]";
}
