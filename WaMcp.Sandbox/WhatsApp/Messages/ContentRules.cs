using System.Globalization;
using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.WhatsApp.Messages;

/// <summary>The simple message types: text, location, contacts, reaction. Limits from Meta's message reference.</summary>
internal static class ContentRules
{
    private const int MaxTextBody = 4096;

    public static void Text(JsonElement message)
    {
        var text = message.Object("text", "text");
        var body = text.FindText("body");
        if (string.IsNullOrEmpty(body))
        {
            throw GraphFault.Missing("Parameter 'text.body' is mandatory for type 'text'.");
        }

        if (!JsonRead.Fits(body, MaxTextBody))
        {
            throw new GraphFault(100, $"Param text['body'] must be at most {MaxTextBody} characters long.");
        }

        if (text.Find("preview_url") is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) })
        {
            throw GraphFault.Invalid("'text.preview_url' must be true or false.");
        }
    }

    public static void Location(JsonElement message)
    {
        var location = message.Object("location", "location");
        Degrees(location, "latitude", 90);
        Degrees(location, "longitude", 180);
        location.OptionalText("name", "location.name", 1000);
        location.OptionalText("address", "location.address", 1000);
    }

    public static void Contacts(JsonElement message)
    {
        foreach (var contact in message.Array("contacts", "contacts", 1, 257).EnumerateArray())
        {
            contact.Object("name", "contacts.name").Text("formatted_name", "contacts.name.formatted_name", 1000);
        }
    }

    /// <summary>An empty emoji takes the reaction back, so it must be there but may be empty.</summary>
    public static void Reaction(JsonElement message)
    {
        var reaction = message.Object("reaction", "reaction");
        reaction.Text("message_id", "reaction.message_id", 512);
        if (reaction.FindText("emoji") is not { } emoji)
        {
            throw GraphFault.Missing("Parameter 'reaction.emoji' is mandatory.");
        }

        if (emoji.Length > 0 && new StringInfo(emoji).LengthInTextElements != 1)
        {
            throw GraphFault.Invalid("'reaction.emoji' must be one emoji.");
        }
    }

    private static void Degrees(JsonElement location, string name, double most)
    {
        var text = location.FindText(name) ?? throw GraphFault.Missing($"Parameter 'location.{name}' is mandatory.");
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var degrees) || Math.Abs(degrees) > most)
        {
            throw GraphFault.Invalid($"'location.{name}' must be a number between -{most} and {most}.");
        }
    }
}
