using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Contacts;

/// <summary>Makes one contact of several rows that turned out to be one person. Runs inside the caller's transaction.</summary>
/// <remarks>
/// The oldest row stays. Messages, the conversation and what is queued move to it, old names stay as aliases, so that what still comes under
/// them finds the person, and old ids stay good (<see cref="EndedId"/>). All rows are locked in the order of their ids before: whoever writes
/// with one of them waits, and then finds the rest. Audited as <c>contacts_merged</c>, with ids and counts.
/// </remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="clock">Until when old names were theirs.</param>
public sealed class MergeContacts(WaMcpDbContext context, TenantContext tenant, TimeProvider clock)
{
    /// <summary>How often it was done in this scope: whoever has found somebody before then may have to look again.</summary>
    public int Done { get; private set; }

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
            await PutTogetherAsync(channel, survivor, gone, cancellationToken);
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
        Done++;
        return survivor;
    }

    private async Task PutTogetherAsync(ChannelId channel, Contact survivor, Contact gone, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var moved = await context.Database
            .SqlQuery<int>($"""SELECT merge_contacts({survivor.Id.Value}, {gone.Id.Value}, {channel.Value}, {now}) AS "Value" """).ToListAsync(cancellationToken);
        var row = new AuditRecord
        {
            Action = AuditAction.ContactsMerged,
            Ts = now,
            ClientId = tenant.ClientId,
            ChannelId = channel,
            Metadata = new JsonObject { ["contact"] = survivor.Id.ToString(), ["ended"] = gone.Id.ToString(), ["messages"] = moved[0] }.ToJsonString(),
        };
        await AuditTable.WriteAsync((NpgsqlConnection)context.Database.GetDbConnection(), [row], cancellationToken);
    }

    // Of what both have, the fresher; the other stays as an alias.
    private async Task TakeOverAsync(Contact survivor, Contact gone, CancellationToken cancellationToken)
    {
        var aliases = new List<ContactAlias>();
        if (gone.ProviderUserId is { } user)
        {
            var isFresher = survivor.ProviderUserId is null || gone.UserToldAt > (survivor.UserToldAt ?? DateTimeOffset.MinValue);
            Add(AliasKind.User, isFresher ? survivor.ProviderUserId : user, clock.GetUtcNow());
            survivor.ProviderUserId = isFresher ? user : survivor.ProviderUserId;
            survivor.UserToldAt = isFresher ? gone.UserToldAt : survivor.UserToldAt;
        }

        if (gone.Phone is { } phone)
        {
            var isFresher = survivor.Phone is null || gone.PhoneToldAt > (survivor.PhoneToldAt ?? DateTimeOffset.MinValue);
            var until = (isFresher ? gone.PhoneToldAt : survivor.PhoneToldAt) ?? clock.GetUtcNow();
            Add(AliasKind.Phone, isFresher ? survivor.Phone : phone, until);
            survivor.Phone = isFresher ? phone : survivor.Phone;
            survivor.PhoneToldAt = isFresher ? gone.PhoneToldAt : survivor.PhoneToldAt;
        }

        await NoteAliases.ExecuteAsync(context, aliases, cancellationToken);

        var isLaterNamed = gone.ToldAt > (survivor.ToldAt ?? DateTimeOffset.MinValue);
        survivor.Name = (isLaterNamed ? gone.Name : null) ?? survivor.Name ?? gone.Name;
        survivor.Username = (isLaterNamed ? gone.Username : null) ?? survivor.Username ?? gone.Username;
        survivor.ToldAt = isLaterNamed ? gone.ToldAt : survivor.ToldAt;
        if (gone.MarketingToldAt is { } told
            && (survivor.MarketingToldAt is null || told > survivor.MarketingToldAt || (told == survivor.MarketingToldAt && gone.MarketingStoppedAt is not null)))
        {
            (survivor.MarketingStoppedAt, survivor.MarketingToldAt) = (gone.MarketingStoppedAt, gone.MarketingToldAt);
        }

        void Add(AliasKind kind, string? value, DateTimeOffset until)
        {
            if (value is not null)
            {
                aliases.Add(ContactAlias.Of(survivor, kind, value, until, clock.GetUtcNow()));
            }
        }
    }
}
