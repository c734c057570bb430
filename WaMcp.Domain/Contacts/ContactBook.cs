using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Contacts;

/// <summary>Finds the contact that the provider's words mean, or adds it. Runs inside the caller's transaction.</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="clock">Stamps new contacts.</param>
public sealed class ContactBook(WaMcpDbContext context, TenantContext tenant, TimeProvider clock)
{
    /// <summary>The contact: by the provider's user id first, then by phone number.</summary>
    /// <param name="channel">Where the person was met.</param>
    /// <param name="providerUserId">The provider's id for the person, if known.</param>
    /// <param name="phone">Digits of the number, if known.</param>
    /// <param name="name">What the person calls themselves, if told.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task<Contact> FindOrAddAsync(
        ChannelId channel, string? providerUserId, string? phone, string? name, CancellationToken cancellationToken)
    {
        if (providerUserId is not null && phone is not null)
        {
            // A number that changed hands: whoever had it before keeps their messages and loses the number, so that nobody reads an
            // answer meant for somebody else.
            await context.Database.ExecuteSqlAsync(
                $"UPDATE contacts SET phone = NULL WHERE channel_id = {channel.Value} AND phone = {phone} AND provider_user_id <> {providerUserId}",
                cancellationToken);
        }

        var contact = await FindAsync(channel, providerUserId, phone, cancellationToken);
        if (contact is null)
        {
            var (id, client, now) = (TypedId.New<ContactId>().Value, tenant.ClientId.Value, clock.GetUtcNow());
            // Somebody else may add the same person at the same moment; whoever comes second finds theirs.
            await context.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO contacts (id, client_id, channel_id, provider_user_id, phone, name, created_at)
                VALUES ({id}, {client}, {channel.Value}, {providerUserId}, {phone}, {name}, {now})
                ON CONFLICT DO NOTHING
                """,
                cancellationToken);
            contact = await FindAsync(channel, providerUserId, phone, cancellationToken)
                ?? throw new InvalidOperationException("A contact that was just added cannot be found.");
        }

        await LearnAsync(contact, providerUserId, phone, name, cancellationToken);
        return contact;
    }

    // Locked as a message's reference would lock it: who is being erased at this moment is waited for, and is then somebody new.
    private async Task<Contact?> FindAsync(ChannelId channel, string? providerUserId, string? phone, CancellationToken cancellationToken) =>
        (providerUserId is null ? null : await context.Contacts
            .FromSql($"SELECT * FROM contacts WHERE channel_id = {channel.Value} AND provider_user_id = {providerUserId} FOR KEY SHARE")
            .SingleOrDefaultAsync(cancellationToken))
        ?? (phone is null ? null : await context.Contacts
            .FromSql($"SELECT * FROM contacts WHERE channel_id = {channel.Value} AND phone = {phone} FOR KEY SHARE")
            .SingleOrDefaultAsync(cancellationToken));

    private async Task LearnAsync(Contact contact, string? providerUserId, string? phone, string? name, CancellationToken cancellationToken)
    {
        contact.Name = name ?? contact.Name;
        contact.ProviderUserId ??= providerUserId;
        if (contact.Phone is null && phone is not null
            && !await context.Contacts.AnyAsync(other => other.ChannelId == contact.ChannelId && other.Phone == phone, cancellationToken))
        {
            contact.Phone = phone;
        }

        await context.SaveChangesAsync(cancellationToken);
    }
}
