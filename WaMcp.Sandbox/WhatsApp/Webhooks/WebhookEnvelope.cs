using System.Buffers;
using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Accounts;

namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>
/// The body of a webhook: entries by account, changes by number and kind,
/// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages. Statuses and messages never
/// share a change, as in Meta's own schema.
/// </summary>
internal static class WebhookEnvelope
{
    public static byte[] Write(IReadOnlyList<WebhookUpdate> updates, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(512 * updates.Count);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("object", "whatsapp_business_account");
            writer.WriteStartArray("entry");
            foreach (var account in updates.GroupBy(update => update.Account))
            {
                WriteEntry(writer, account.Key, [.. account], now);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteEntry(Utf8JsonWriter writer, BusinessAccount account, IReadOnlyList<WebhookUpdate> updates, DateTimeOffset now)
    {
        writer.WriteStartObject();
        writer.WriteString("id", account.Id);
        if (updates.Any(update => update.Kind == UpdateKind.Account))
        {
            writer.WriteNumber("time", now.ToUnixTimeSeconds());
        }

        writer.WriteStartArray("changes");
        foreach (var change in updates.Where(update => update.Kind != UpdateKind.Account).GroupBy(update => (update.Kind, update.Number)))
        {
            WriteChange(writer, change.Key.Kind, change.Key.Number!, [.. change]);
        }

        foreach (var update in updates.Where(update => update.Kind == UpdateKind.Account))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("value");
            update.Write(writer);
            writer.WriteString("field", update.Field);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteChange(Utf8JsonWriter writer, UpdateKind kind, BusinessNumber number, IReadOnlyList<WebhookUpdate> updates)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("value");
        writer.WriteString("messaging_product", "whatsapp");
        writer.WriteStartObject("metadata");
        writer.WriteString("display_phone_number", number.Digits);
        writer.WriteString("phone_number_id", number.Id);
        writer.WriteEndObject();
        if (kind != UpdateKind.SystemMessages)
        {
            WriteContacts(writer, updates);
        }

        writer.WriteStartArray(kind == UpdateKind.Statuses ? "statuses" : "messages");
        foreach (var update in updates)
        {
            update.Write(writer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteString("field", "messages");
        writer.WriteEndObject();
    }

    private static void WriteContacts(Utf8JsonWriter writer, IReadOnlyList<WebhookUpdate> updates)
    {
        var contacts = updates.Where(update => update.ShowsContact)
            .Select(update => (update.Customer, update.HidesNumber))
            .Distinct()
            .ToList();
        if (contacts.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("contacts");
        foreach (var (customer, hidesNumber) in contacts)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("profile");
            writer.WriteString("name", customer!.Name);
            if (customer.Username is { } username)
            {
                writer.WriteString("username", username);
            }

            writer.WriteEndObject();
            if (!hidesNumber && customer.WaId is { } waId)
            {
                writer.WriteString("wa_id", waId);
            }

            writer.WriteString("user_id", customer.UserId);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
