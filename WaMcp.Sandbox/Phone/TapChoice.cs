using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.Phone;

/// <summary>The customer taps a button or a row: the reply that WhatsApp sends for it goes to the business.</summary>
internal sealed class TapChoice(CustomerWrites customerWrites)
{
    /// <returns>Null when there is nothing to tap at that place, or nothing that would send a message.</returns>
    public MessageUpdate? Execute(ChatMessage message, int index)
    {
        using var content = JsonDocument.Parse(message.Content);
        var choices = MessageChoices.Of(message, content.RootElement);
        if (index < 0 || index >= choices.Count)
        {
            return null;
        }

        var choice = choices[index];
        var chat = message.Chat;
        return choice.Kind switch
        {
            "reply" => Reply(message, "button_reply", choice),
            "row" => Reply(message, "list_reply", choice),
            "flow" => customerWrites.Execute(chat, "interactive", writer => WriteFlow(writer, choice), message.Id),
            "quick_reply" => customerWrites.Execute(chat, "button", writer => WriteQuickReply(writer, choice), message.Id),
            "location" => customerWrites.Execute(chat, "location", WritePlace, message.Id),
            "contact" => customerWrites.Execute(
                chat, "contacts", writer => SampleContent.WriteContact(writer, chat.Customer.Name, chat.Customer.WaId), message.Id),
            _ => null,
        };
    }

    private MessageUpdate Reply(ChatMessage message, string type, MessageChoices.Choice choice) =>
        customerWrites.Execute(message.Chat, "interactive", writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writer.WriteStartObject(type);
            writer.WriteString("id", choice.Id);
            writer.WriteString("title", choice.Title);
            if (type == "list_reply")
            {
                writer.WriteString("description", choice.Description ?? "");
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }, message.Id);

    private static void WriteQuickReply(Utf8JsonWriter writer, MessageChoices.Choice choice)
    {
        writer.WriteStartObject();
        writer.WriteString("payload", choice.Id);
        writer.WriteString("text", choice.Title);
        writer.WriteEndObject();
    }

    /// <summary>A flow is filled in on WhatsApp's own screens, which the sandbox does not have: it comes back completed and empty.</summary>
    private static void WriteFlow(Utf8JsonWriter writer, MessageChoices.Choice choice)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "nfm_reply");
        writer.WriteStartObject("nfm_reply");
        writer.WriteString("name", "flow");
        writer.WriteString("body", "Sent");
        writer.WriteString("response_json", JsonSerializer.Serialize(new Dictionary<string, string> { ["flow_token"] = choice.Id }));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WritePlace(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("latitude", 52.520815);
        writer.WriteNumber("longitude", 13.409419);
        writer.WriteString("name", "Fernsehturm");
        writer.WriteString("address", "Panoramastrasse 1A, 10178 Berlin");
        writer.WriteEndObject();
    }
}
