using System.Text.Json;
using static WaMcp.Domain.Channels.WhatsApp.WhatsAppJson;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>
/// Reads who is meant. Since 2026 a webhook names people by business-scoped user ids, and their numbers only sometimes
/// (https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids).
/// </summary>
internal static class WhatsAppPeople
{
    /// <summary>Who wrote a message.</summary>
    public static PersonIds Writer(JsonElement message, WhatsAppContacts contacts)
    {
        var told = Text(message, "type") == "system"
            ? Before(message)
            : new PersonIds(Id(message, "from_user_id"), Id(message, "from"), Id(message, "from_parent_user_id"));
        return Complete(told, contacts);
    }

    /// <summary>Who got a message.</summary>
    public static PersonIds Recipient(JsonElement status, WhatsAppContacts contacts) => Complete(
        new PersonIds(Id(status, "recipient_user_id"), Id(status, "recipient_id"), Id(status, "recipient_parent_user_id")), contacts);

    /// <summary>Who is meant by something that has the ids in itself.</summary>
    public static PersonIds Holder(JsonElement item, WhatsAppContacts contacts) =>
        Complete(new PersonIds(Id(item, "user_id"), Id(item, "wa_id"), Id(item, "parent_user_id")), contacts);

    /// <summary>Those whom a system message or an update of ids says to be called otherwise now; null when it says no such thing.</summary>
    public static IdentityChange? Change(JsonElement message)
    {
        var system = Member(message, "system");
        if (Text(system, "type") is not ("user_changed_number" or "user_changed_user_id" or "customer_changed_number"))
        {
            return null;
        }

        var after = new PersonIds(Id(system, "user_id"), Id(system, "wa_id") ?? Id(system, "new_wa_id"), Id(system, "parent_user_id"));
        return Changed(Before(message), after, Time(message));
    }

    /// <summary>The same in the shape of a <c>user_id_update</c>.</summary>
    public static IdentityChange? Update(JsonElement update)
    {
        var (user, parent) = (Member(update, "user_id"), Member(update, "parent_user_id"));
        var phone = Id(update, "wa_id");
        return Changed(
            new PersonIds(Id(user, "previous") ?? Id(update, "previous_user_id"), phone, Id(parent, "previous") ?? Id(update, "previous_parent_user_id")),
            new PersonIds(Id(user, "current") ?? Id(update, "user_id"), phone, Id(parent, "current") ?? Id(update, "parent_user_id")),
            Time(update));
    }

    private static PersonIds Before(JsonElement message)
    {
        var system = Member(message, "system");
        return new PersonIds(
            Id(system, "previous_user_id") ?? Id(message, "from_user_id"),
            Id(message, "from") ?? Id(system, "customer"),
            Id(system, "previous_parent_user_id") ?? Id(message, "from_parent_user_id"));
    }

    private static IdentityChange? Changed(PersonIds before, PersonIds after, DateTimeOffset at) =>
        before.IsSomebody && after.IsSomebody && before != after ? new IdentityChange(before, after, at) : null;

    // What is missing of the ids, and the names, stand in the list of contacts beside.
    private static PersonIds Complete(PersonIds told, WhatsAppContacts contacts)
    {
        var contact = contacts.Find(told);
        var profile = Member(contact, "profile");
        return new PersonIds(
            told.UserId ?? Id(contact, "user_id"),
            told.Phone ?? Id(contact, "wa_id"),
            told.ParentUserId ?? Id(contact, "parent_user_id"),
            Text(profile, "name"),
            Text(profile, "username"));
    }
}
