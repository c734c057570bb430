using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;

namespace WaMcp.Domain.Contacts;

/// <summary>Who is meant by an id that a caller gives: the same person to whom a message sent to that id goes (<see cref="ContactBook"/>).</summary>
public static class NamedPerson
{
    /// <summary>
    /// The contact who has the id now or, of the provider's ids, had it before; a number leads only to whom it belongs now. More than one while the
    /// provider has not said yet that they are one person: the oldest of them is the one who stays.
    /// </summary>
    public static IQueryable<Contact> Named(this DbSet<Contact> contacts, ChannelId channel, Recipient person) =>
        person.ProviderUserId is { } user
            ? contacts.FromSql(
                $"""
                SELECT * FROM contacts WHERE id IN (
                    SELECT id FROM contacts WHERE channel_id = {channel.Value} AND provider_user_id = {user}
                    UNION ALL SELECT contact_id FROM contact_aliases WHERE channel_id = {channel.Value} AND kind = {nameof(AliasKind.User)} AND value = {user})
                """)
            : contacts.Where(contact => contact.ChannelId == channel && contact.Phone == person.Phone);
}
