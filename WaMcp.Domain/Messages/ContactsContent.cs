using System.Text.Json.Serialization;

namespace WaMcp.Domain.Messages;

/// <summary>Business cards (https://developers.facebook.com/docs/whatsapp/cloud-api/messages/contacts-messages).</summary>
/// <param name="Contacts">Who.</param>
public sealed record ContactsContent(IReadOnlyList<ContactCard> Contacts) : MessageContent
{
    /// <summary>The discriminator.</summary>
    public const string KindName = "contacts";

    /// <summary>Cards in one message.</summary>
    public const int MaxContacts = 5;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => KindName;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string? Body => string.Join(", ", Contacts.Select(contact => contact.Name));

    /// <inheritdoc/>
    public override void Check()
    {
        ContentLimit.Count("contacts", Contacts, MaxContacts);
        for (var i = 0; i < Contacts.Count; i++)
        {
            Contacts[i].Check($"contacts[{i}]");
        }
    }
}
