using System.Globalization;
using System.Text.Json;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>
/// Reads the envelope of a WhatsApp webhook (https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples): entries,
/// changes, and in each the messages and statuses of one phone number. Third-party input: every member may be missing or of another
/// type, and what cannot be read is left out.
/// </summary>
internal static class WhatsAppWebhook
{
    public static IReadOnlyList<ChannelUpdates> Read(ReadOnlyMemory<byte> body)
    {
        var updates = new List<ChannelUpdates>();
        try
        {
            using var document = JsonDocument.Parse(body);
            foreach (var entry in Items(document.RootElement, "entry"))
            {
                foreach (var change in Items(entry, "changes"))
                {
                    if (Member(change, "value") is { } value && Text(Member(value, "metadata"), "phone_number_id") is { } number)
                    {
                        updates.Add(new ChannelUpdates(number, [.. ReadMessages(value)], [.. ReadStatuses(value)]));
                    }
                }
            }
        }
        catch (JsonException)
        {
            // Signed but no JSON: kept raw, nothing to hand on.
        }

        return updates;
    }

    /// <summary>The accounts in whose templates something changed.</summary>
    public static IReadOnlyList<string> ChangedTemplates(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return [.. Items(document.RootElement, "entry")
                .Where(entry => Items(entry, "changes").Any(change => IsAboutTemplates(Text(change, "field"))))
                .Select(entry => Text(entry, "id")).OfType<string>().Distinct()];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static bool IsAboutTemplates(string? field) => field is not null
        && (field.StartsWith("message_template_", StringComparison.Ordinal) || field.StartsWith("template_", StringComparison.Ordinal));

    private static IEnumerable<InboundMessage> ReadMessages(JsonElement value)
    {
        var contacts = Items(value, "contacts").ToList();
        foreach (var message in Items(value, "messages"))
        {
            var id = Text(message, "id");
            var phone = Text(message, "from");
            var user = Text(message, "from_user_id");
            if (id is null || (phone is null && user is null))
            {
                continue;
            }

            var contact = contacts.FirstOrDefault(candidate =>
                (phone is not null && Text(candidate, "wa_id") == phone) || (user is not null && Text(candidate, "user_id") == user));
            yield return new InboundMessage(
                id,
                user ?? Text(contact, "user_id"),
                phone ?? Text(contact, "wa_id"),
                Text(Member(contact, "profile"), "name"),
                Text(message, "type") ?? "unknown",
                Body(message),
                message.GetRawText(),
                Time(message));
        }
    }

    private static IEnumerable<StatusUpdate> ReadStatuses(JsonElement value)
    {
        foreach (var status in Items(value, "statuses"))
        {
            if (Text(status, "id") is not { } id)
            {
                continue;
            }

            var pricing = Member(status, "pricing");
            var error = Items(status, "errors").Cast<JsonElement?>().FirstOrDefault();
            int? code = error is { } given && Member(given, "code") is { ValueKind: JsonValueKind.Number } member && member.TryGetInt32(out var number)
                ? number
                : null;
            var described = code is { } known ? WhatsAppErrors.Describe(known) : ((string Code, string Text)?)null;
            yield return new StatusUpdate(
                id,
                TypedId.TryParse<MessageId>(Text(status, "biz_opaque_callback_data"), out var ours) ? ours : null,
                State(Text(status, "status")),
                Time(status),
                described?.Code,
                described?.Text,
                Text(pricing, "category"),
                Member(pricing, "billable") is { ValueKind: JsonValueKind.True or JsonValueKind.False } billable ? billable.GetBoolean() : null,
                Means(WhatsAppErrorClass.OptOut),
                Means(WhatsAppErrorClass.StopNumber));

            bool Means(WhatsAppErrorClass meaning) => code is { } cause && WhatsAppErrors.Of(cause).Class == meaning;
        }
    }

    private static MessageState? State(string? status) => status switch
    {
        "sent" => MessageState.Sent,
        "delivered" => MessageState.Delivered,
        "read" or "played" => MessageState.Read,
        "failed" => MessageState.Failed,
        _ => null,
    };

    // The words of a message, whatever kind it is: text, captions, replies to buttons and lists, reactions.
    private static string? Body(JsonElement message)
    {
        if (Text(message, "type") is not { } type || Member(message, type) is not { } part)
        {
            return null;
        }

        return Text(part, "body")
            ?? Text(part, "caption")
            ?? Text(part, "emoji")
            ?? Text(part, "text")
            ?? Text(Member(part, "button_reply"), "title")
            ?? Text(Member(part, "list_reply"), "title");
    }

    private static DateTimeOffset Time(JsonElement element) =>
        long.TryParse(Text(element, "timestamp"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 253_402_300_800
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : DateTimeOffset.UnixEpoch;

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : default;

    private static JsonElement? Member(JsonElement? element, string name)
    {
        try
        {
            return element is { ValueKind: JsonValueKind.Object } holder && holder.TryGetProperty(name, out var member) ? member : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair in some member's name
        }
    }

    private static string? Text(JsonElement? element, string name)
    {
        if (Member(element, name) is not { ValueKind: JsonValueKind.String } text)
        {
            return null;
        }

        try
        {
            return text.GetString()!.Replace("\0", "", StringComparison.Ordinal); // Postgres cannot keep a NUL in text
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair, or bytes that are no UTF-8: only the raw document can hold it
        }
    }
}
