using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Contacts;

/// <summary>Makes one contact of several rows that turned out to be one person. Runs inside the caller's transaction.</summary>
/// <remarks>
/// The oldest row stays. Messages, the conversation and what is queued move to it, and old ids stay as aliases, so that what still comes under
/// them finds the person. All rows are locked in the order of their ids before: whoever writes with one of them waits, and then finds the rest.
/// </remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="clock">Until when old ids were theirs.</param>
public sealed class MergeContacts(WaMcpDbContext context, TenantContext tenant, TimeProvider clock)
{
    /// <summary>Puts them together.</summary>
    /// <returns>The one that stays; null when none of them is there any more.</returns>
    public async Task<Contact?> ExecuteAsync(ChannelId channel, IReadOnlyCollection<ContactId> contacts, CancellationToken cancellationToken)
    {
        Guid[] ids = [.. contacts.Select(contact => contact.Value)];
        var rows = await context.Contacts.FromSql($"SELECT * FROM contacts WHERE id = ANY ({ids}) ORDER BY id FOR UPDATE").AsNoTracking()
            .ToListAsync(cancellationToken);
        rows.Sort((one, other) => one.Id.Value.CompareTo(other.Id.Value)); // ids are made in the order of time
        if (rows.Count < 2)
        {
            return rows.SingleOrDefault();
        }

        var survivor = rows[0];
        foreach (var gone in rows.Skip(1))
        {
            await context.Database.ExecuteSqlAsync($"SELECT merge_contacts({survivor.Id.Value}, {gone.Id.Value}, {channel.Value})", cancellationToken);
            await TakeOverAsync(survivor, gone, cancellationToken);
        }

        var stays = survivor.Id;
        await context.Contacts.Where(row => row.Id == stays).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.ProviderUserId, survivor.ProviderUserId).SetProperty(row => row.UserToldAt, survivor.UserToldAt)
                .SetProperty(row => row.Phone, survivor.Phone).SetProperty(row => row.PhoneToldAt, survivor.PhoneToldAt)
                .SetProperty(row => row.Name, survivor.Name).SetProperty(row => row.Username, survivor.Username)
                .SetProperty(row => row.ToldAt, survivor.ToldAt)
                .SetProperty(row => row.MarketingStoppedAt, survivor.MarketingStoppedAt).SetProperty(row => row.MarketingToldAt, survivor.MarketingToldAt),
            cancellationToken);
        return survivor;
    }

    // Of what both have, the fresher; the other id stays as an alias.
    private async Task TakeOverAsync(Contact survivor, Contact gone, CancellationToken cancellationToken)
    {
        if (gone.ProviderUserId is { } user)
        {
            var isFresher = survivor.ProviderUserId is null || gone.UserToldAt > (survivor.UserToldAt ?? DateTimeOffset.MinValue);
            await AliasAsync(survivor, AliasKind.User, isFresher ? survivor.ProviderUserId : user, clock.GetUtcNow(), cancellationToken);
            survivor.ProviderUserId = isFresher ? user : survivor.ProviderUserId;
            survivor.UserToldAt = isFresher ? gone.UserToldAt : survivor.UserToldAt;
        }

        if (gone.Phone is { } phone)
        {
            var isFresher = survivor.Phone is null || gone.PhoneToldAt > (survivor.PhoneToldAt ?? DateTimeOffset.MinValue);
            var until = (isFresher ? gone.PhoneToldAt : survivor.PhoneToldAt) ?? clock.GetUtcNow();
            await AliasAsync(survivor, AliasKind.Phone, isFresher ? survivor.Phone : phone, until, cancellationToken);
            survivor.Phone = isFresher ? phone : survivor.Phone;
            survivor.PhoneToldAt = isFresher ? gone.PhoneToldAt : survivor.PhoneToldAt;
        }

        var isLaterNamed = gone.ToldAt > (survivor.ToldAt ?? DateTimeOffset.MinValue);
        survivor.Name = (isLaterNamed ? gone.Name : null) ?? survivor.Name ?? gone.Name;
        survivor.Username = (isLaterNamed ? gone.Username : null) ?? survivor.Username ?? gone.Username;
        survivor.ToldAt = isLaterNamed ? gone.ToldAt : survivor.ToldAt;
        if (gone.MarketingToldAt > (survivor.MarketingToldAt ?? DateTimeOffset.MinValue))
        {
            (survivor.MarketingStoppedAt, survivor.MarketingToldAt) = (gone.MarketingStoppedAt, gone.MarketingToldAt);
        }
    }

    private async Task AliasAsync(Contact contact, AliasKind kind, string? value, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (value is null)
        {
            return;
        }

        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO contact_aliases (id, client_id, channel_id, kind, value, contact_id, until, created_at)
            VALUES ({Guid.CreateVersion7(clock.GetUtcNow())}, {tenant.ClientId.Value}, {contact.ChannelId.Value}, {kind.ToString()}, {value}, {contact.Id.Value}, {until}, {clock.GetUtcNow()})
            ON CONFLICT (client_id, channel_id, kind, value) DO UPDATE SET contact_id = excluded.contact_id, until = excluded.until
            """,
            cancellationToken);
    }
}
