using System.Buffers;
using System.Globalization;
using System.Text.Json;
using WaMcp.Sandbox.Phone;
using WaMcp.Sandbox.WhatsApp.Behaviour;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.WhatsApp.Chats;

/// <summary>A customer writes to a business number: the message enters the chat, opens the window and goes out as a webhook.</summary>
internal sealed class CustomerWrites(ChatBook chats, WebhookQueue webhooks, PhoneFeed phone, CurrentBehaviour behaviour, TimeProvider clock)
{
    /// <summary>A message of <paramref name="type"/> with the given content, which is written as the value of a member of that name.</summary>
    public MessageUpdate Execute(Chat chat, string type, Action<Utf8JsonWriter> content, string? repliesTo = null, bool hidesNumber = false) =>
        Add(chat, type, hidesNumber, repliesTo, null, writer =>
        {
            if (repliesTo is not null)
            {
                WriteContext(writer, chat, repliesTo);
            }

            writer.WritePropertyName(type);
            content(writer);
        });

    /// <summary>A message exactly as given; what is missing of from, from_user_id, id, timestamp and type is added.</summary>
    public MessageUpdate ExecuteRaw(Chat chat, JsonElement raw, bool hidesNumber) =>
        Add(chat, raw.FindText("type") ?? "unknown", hidesNumber, raw.Find("context")?.FindText("id"), raw, _ => { });

    private MessageUpdate Add(Chat chat, string type, bool hidesNumber, string? repliesTo, JsonElement? raw, Action<Utf8JsonWriter> content)
    {
        var now = clock.GetUtcNow();
        var id = raw?.FindText("id") ?? Wamid.FromCustomer(chat.Key.CustomerKey);
        var message = new ChatMessage(chat, id, fromCustomer: true, type, now, Write(chat, id, type, now, hidesNumber, raw, content))
        {
            Sequence = chats.NextSequence(),
            RepliesTo = repliesTo,
        };
        if (type != "system")
        {
            chat.CustomerWrote(now);
        }

        chats.Add(message);
        React(message);
        phone.Show(message);
        var update = new MessageUpdate(message, phone) { HidesNumber = hidesNumber, Due = now + behaviour.Now.WebhookDelay };
        webhooks.Add(update);
        return update;
    }

    private void React(ChatMessage message)
    {
        if (message.Type != "reaction")
        {
            return;
        }

        using var content = JsonDocument.Parse(message.Content);
        if (content.RootElement.Find("reaction") is { } reaction && chats.FindMessage(reaction.FindText("message_id")) is { } target)
        {
            target.CustomerReaction = reaction.FindText("emoji") is { Length: > 0 } emoji ? emoji : null;
            phone.Show(target);
        }
    }

    private static byte[] Write(
        Chat chat, string id, string type, DateTimeOffset now, bool hidesNumber, JsonElement? raw, Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var member in raw?.EnumerateObject() ?? default)
            {
                member.WriteTo(writer);
            }

            if (!hidesNumber && chat.Customer.WaId is { } waId)
            {
                AddMissing(writer, raw, "from", waId);
            }

            AddMissing(writer, raw, "from_user_id", chat.Customer.UserId);
            AddMissing(writer, raw, "id", id);
            AddMissing(writer, raw, "timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
            AddMissing(writer, raw, "type", type);
            content(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void AddMissing(Utf8JsonWriter writer, JsonElement? raw, string name, string value)
    {
        if (raw?.Find(name) is null)
        {
            writer.WriteString(name, value);
        }
    }

    private void WriteContext(Utf8JsonWriter writer, Chat chat, string repliesTo)
    {
        var own = chats.FindMessage(repliesTo)?.FromCustomer == true;
        writer.WriteStartObject("context");
        writer.WriteString("from", own ? chat.Key.CustomerKey : chat.Number.Digits);
        writer.WriteString("id", repliesTo);
        writer.WriteEndObject();
    }
}
