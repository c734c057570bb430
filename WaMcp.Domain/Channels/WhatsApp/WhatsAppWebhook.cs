using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using static WaMcp.Domain.Channels.WhatsApp.WhatsAppJson;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>
/// Reads a WhatsApp webhook (https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview): entries of
/// accounts, in each changes, and in each what one number's people wrote, what became of our messages, or what Meta tells the operator.
/// </summary>
internal sealed class WhatsAppWebhook
{
    /// <summary>How deep a document may be nested; a deeper one is kept as it came and not understood. Meta's have about twelve levels.</summary>
    public const int MaxDepth = 64;

    /// <summary>How many updates a delivery may hold; one with more is kept as it came and not understood. Meta sends up to 1,000.</summary>
    public const int MaxUpdates = 5_000;

    private static readonly string[] Lists = ["messages", "statuses", "contacts", "user_preferences", "user_id_update", "errors"];

    private static readonly string[] FactsBegin = ["message_template_", "template_", "phone_number_", "account_", "business_", "security", "payment_configuration_", "partner_solutions"];

    private readonly List<ChannelUpdates> channels = [];
    private readonly List<ProviderFact> facts = [];
    private readonly HashSet<string> changedTemplates = [];
    private int unknown;

    public static Understanding Read(ReadOnlyMemory<byte> body)
    {
        var webhook = new WhatsAppWebhook();
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (!IsOfReasonableSize(document.RootElement))
            {
                return new Understanding();
            }

            foreach (var entry in Items(document.RootElement, "entry"))
            {
                foreach (var change in Items(entry, "changes"))
                {
                    webhook.ReadChange(entry, change);
                }
            }
        }
        catch (JsonException)
        {
            return new Understanding(); // signed but no JSON: kept raw, nothing to hand on
        }

        return new Understanding
        {
            Channels = webhook.channels,
            Facts = webhook.facts,
            ChangedTemplates = [.. webhook.changedTemplates],
            Unknown = webhook.unknown,
        };
    }

    // Of each list: what is looked up for each message is looked up in the people beside it.
    private static bool IsOfReasonableSize(JsonElement webhook)
    {
        var counts = new int[Lists.Length + 2];
        foreach (var entry in Items(webhook, "entry"))
        {
            counts[^1]++;
            foreach (var change in Items(entry, "changes"))
            {
                counts[^2]++;
                for (var list = 0; list < Lists.Length; list++)
                {
                    counts[list] += Member(Member(change, "value"), Lists[list]) is { ValueKind: JsonValueKind.Array } items ? items.GetArrayLength() : 0;
                }
            }
        }

        return Array.TrueForAll(counts, count => count <= MaxUpdates);
    }

    private void ReadChange(JsonElement entry, JsonElement change)
    {
        var (account, value, field) = (Text(entry, "id"), Member(change, "value"), Text(change, "field") ?? "");
        var number = Text(Member(value, "metadata"), "phone_number_id");
        var before = channels.Count + facts.Count + unknown;
        if (number is not null)
        {
            ReadNumber(number, value!.Value);
        }

        if (FactsBegin.Any(begin => field.StartsWith(begin, StringComparison.Ordinal)) && value is { ValueKind: JsonValueKind.Object })
        {
            var phone = number is null && Text(value, "display_phone_number") is { } shown ? ProviderFact.DigitsOf(shown) : null;
            AddFact(account, number, field, Raw(value.Value), TryTime(entry, "time"), phone);
            if (account is not null && (field.StartsWith("message_template_", StringComparison.Ordinal) || field.StartsWith("template_", StringComparison.Ordinal)))
            {
                changedTemplates.Add(account);
            }
        }

        if (channels.Count + facts.Count + unknown == before)
        {
            unknown++;
        }
    }

    private void ReadNumber(string number, JsonElement value)
    {
        var people = new WhatsAppContacts(Items(value, "contacts"));
        var messages = new List<InboundMessage>();
        var changes = new List<MessageChange>();
        var preferences = new List<PreferenceUpdate>();
        var identities = Items(value, "user_id_update").Select(WhatsAppPeople.Update).OfType<IdentityChange>().ToList();
        foreach (var message in Items(value, "messages"))
        {
            var writer = WhatsAppPeople.Writer(message, people);
            if (Id(message, "id") is not { } id || !writer.IsSomebody)
            {
                unknown++; // nobody's, or nothing to know it by when it comes again
            }
            else if (ReadMessageChange(message, writer) is { } change)
            {
                changes.Add(change);
            }
            else
            {
                messages.Add(ReadMessage(id, message, writer));
                identities.AddRange(new[] { WhatsAppPeople.Change(message) }.OfType<IdentityChange>());
                preferences.AddRange(new[] { ReadSystemPreference(message, writer) }.OfType<PreferenceUpdate>());
            }
        }

        foreach (var preference in Items(value, "user_preferences"))
        {
            ReadPreference(number, preference, people, preferences);
        }

        // What Meta could not deliver to us as a message: a word to the operator.
        foreach (var error in Items(value, "errors").Where(error => error.ValueKind == JsonValueKind.Object))
        {
            AddFact(null, number, "messages_errors", new JsonObject { ["code"] = Whole(error, "code"), ["title"] = Text(error, "title") }.ToJsonString(), null);
        }

        var updates = new ChannelUpdates(number)
        {
            Messages = messages,
            Changes = changes,
            Statuses = [.. Items(value, "statuses").Select(status => ReadStatus(status, people)).OfType<StatusUpdate>()],
            Identities = identities,
            Preferences = preferences,
        };
        if (!updates.IsEmpty)
        {
            channels.Add(updates);
        }
    }

    private InboundMessage ReadMessage(string id, JsonElement message, PersonIds writer)
    {
        var (kind, body, content, isKnown) = WhatsAppContent.Read(message);
        unknown += isKnown && IsText(message) ? 0 : 1;
        return new InboundMessage(id, writer, kind, body, content, Raw(message), Time(message));
    }

    // https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/edit, …/revoke
    private MessageChange? ReadMessageChange(JsonElement message, PersonIds writer)
    {
        var type = Text(message, "type");
        var part = type is "edit" or "revoke" ? Member(message, type) : null;
        if (Id(part, "original_message_id") is not { } original)
        {
            return null;
        }

        var edit = type == "edit" && Member(part, "message") is { ValueKind: JsonValueKind.Object } changed ? ReadMessage(original, changed, writer) : null;
        return type == "edit" && edit is null ? null : new MessageChange(original, writer, edit, Time(message));
    }

    private StatusUpdate? ReadStatus(JsonElement status, WhatsAppContacts people)
    {
        var state = State(Text(status, "status"));
        unknown += state is null ? 1 : 0;
        if (Id(status, "id") is not { } id)
        {
            return null;
        }

        var pricing = Member(status, "pricing");
        var code = Whole(Items(status, "errors").Cast<JsonElement?>().FirstOrDefault(), "code");
        var described = code is { } known ? WhatsAppErrors.Describe(known) : ((string Code, string Text)?)null;
        return new StatusUpdate(
            id,
            TypedId.TryParse<MessageId>(Text(status, "biz_opaque_callback_data"), out var ours) ? ours : null,
            state,
            Time(status),
            described?.Code,
            described?.Text,
            Text(pricing, "category"),
            Flag(pricing, "billable"),
            Means(WhatsAppErrorClass.OptOut),
            Means(WhatsAppErrorClass.StopNumber),
            WhatsAppPeople.Recipient(status, people));

        bool Means(WhatsAppErrorClass meaning) => code is { } cause && WhatsAppErrors.Of(cause).Class == meaning;
    }

    private static MessageState? State(string? status) => status switch
    {
        "sent" => MessageState.Sent,
        "delivered" => MessageState.Delivered,
        "read" or "played" => MessageState.Read,
        "failed" => MessageState.Failed,
        _ => null,
    };

    // https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
    private void ReadPreference(string number, JsonElement preference, WhatsAppContacts people, List<PreferenceUpdate> preferences)
    {
        var person = WhatsAppPeople.Holder(preference, people);
        var value = Text(preference, "value");
        if (Text(preference, "category") != "marketing_messages" || value is not ("stop" or "resume") || !person.IsSomebody)
        {
            unknown++;
            return;
        }

        preferences.Add(new PreferenceUpdate(person, value == "stop", Time(preference)));
        // That somebody did, not who.
        var payload = new JsonObject { ["category"] = "marketing_messages", ["value"] = value }.ToJsonString();
        AddFact(null, number, "user_preferences", payload, TryTime(preference));
    }

    private static PreferenceUpdate? ReadSystemPreference(JsonElement message, PersonIds writer)
    {
        var system = Member(message, "system");
        return Text(system, "type") == "user_preference_changed" && Text(system, "marketing") is "stop" or "resume"
            ? new PreferenceUpdate(writer, Text(system, "marketing") == "stop", Time(message))
            : null;
    }

    // The digest is of what is shown and nothing else: who it was could be tried out from it.
    private void AddFact(string? account, string? number, string kind, string payload, DateTimeOffset? at, string? phone = null)
    {
        var same = Encoding.UTF8.GetBytes($"{account}\n{number}\n{kind}\n{at?.ToUnixTimeSeconds()}\n{payload}");
        facts.Add(new ProviderFact(account, number, kind, payload, Convert.ToHexStringLower(SHA256.HashData(same)), at, phone));
    }
}
