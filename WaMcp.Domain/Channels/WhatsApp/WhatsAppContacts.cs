using System.Text.Json;
using static WaMcp.Domain.Channels.WhatsApp.WhatsAppJson;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>The list of contacts beside messages, looked up by any of their ids: a delivery may hold thousands of both.</summary>
internal sealed class WhatsAppContacts
{
    private readonly Dictionary<string, JsonElement> byUser = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonElement> byPhone = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonElement> byParent = new(StringComparer.Ordinal);
    private readonly JsonElement? only;

    /// <summary>Reads the list; of two with the same id the first counts.</summary>
    public WhatsAppContacts(JsonElement.ArrayEnumerator contacts)
    {
        var count = 0;
        foreach (var contact in contacts)
        {
            only = ++count == 1 ? contact : null;
            Add(byUser, "user_id", contact);
            Add(byPhone, "wa_id", contact);
            Add(byParent, "parent_user_id", contact);
        }
    }

    /// <summary>Who is meant. By the person's own id first; whose own id is another is somebody else, whatever else is the same.</summary>
    public JsonElement? Find(PersonIds told)
    {
        if (!told.IsSomebody)
        {
            return only; // of one person alone the ids may stand there only
        }

        return Get(byUser, told.UserId) ?? Unless(Get(byPhone, told.Phone)) ?? Unless(Get(byParent, told.ParentUserId));

        JsonElement? Unless(JsonElement? contact) => told.UserId is not null && Id(contact, "user_id") is not null ? null : contact;
    }

    private static JsonElement? Get(Dictionary<string, JsonElement> contacts, string? id) =>
        id is not null && contacts.TryGetValue(id, out var contact) ? contact : null;

    private static void Add(Dictionary<string, JsonElement> contacts, string name, JsonElement contact)
    {
        if (Id(contact, name) is { } id)
        {
            contacts.TryAdd(id, contact);
        }
    }
}
