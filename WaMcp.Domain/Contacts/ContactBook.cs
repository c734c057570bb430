using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Contacts;

/// <summary>
/// Knows who is meant by the provider's words: one row a person, whatever they are called today, were called before, or are called beside.
/// Runs inside the caller's transaction.
/// </summary>
/// <remarks>
/// The provider's user id is who somebody is; a phone number is what they can be reached at, and may get another owner. What is told later in
/// the provider's time counts, however late it comes here. Who has been silent for <see cref="Silence"/> under a number alone is not taken for
/// whoever comes with that number and an id: numbers get new owners.
/// </remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="merge">Puts two rows of one person together.</param>
/// <param name="clock">Stamps new contacts.</param>
public sealed class ContactBook(WaMcpDbContext context, TenantContext tenant, MergeContacts merge, TimeProvider clock)
{
    /// <summary>Providers of telephony give a number to somebody else some 90 days after it was given up.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromDays(90);

    // A number leads to whom it belonged only for what was written until then; a message of ours goes to whom it belongs now.
    private const string NamedSql =
        """
        SELECT id, bool_or(by_user) FROM (
            SELECT id, true AS by_user FROM contacts WHERE channel_id = $1 AND provider_user_id = ANY ($2)
            UNION ALL SELECT contact_id, true FROM contact_aliases WHERE channel_id = $1 AND kind = 'User' AND value = ANY ($2)
            UNION ALL SELECT id, false FROM contacts WHERE channel_id = $1 AND phone = $3
            UNION ALL (SELECT contact_id, false FROM contact_aliases WHERE channel_id = $1 AND kind = 'Phone' AND value = $3 AND until >= $4
                ORDER BY until LIMIT 1)
        ) AS named GROUP BY id ORDER BY id
        """;

    private static readonly IReadOnlyDictionary<PersonIds, Contact?> NobodyIsCertain = new Dictionary<PersonIds, Contact?>();

    private IReadOnlyDictionary<PersonIds, Contact?> certain = NobodyIsCertain;

    /// <summary>The contact that is meant, after what the provider says about them was learned.</summary>
    /// <param name="channel">Where the person was met.</param>
    /// <param name="person">What they are called; at least one id.</param>
    /// <param name="toldAt">When the provider told it; null when it is not the provider who says so.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task<Contact> FindOrAddAsync(ChannelId channel, PersonIds person, DateTimeOffset? toldAt, CancellationToken cancellationToken)
    {
        var contact = await FindAsync(channel, person, toldAt, cancellationToken);
        if (contact is null)
        {
            await AddAsync(channel, person, toldAt, cancellationToken);
            contact = await FindAsync(channel, person, toldAt, cancellationToken)
                ?? throw new InvalidOperationException("A contact that was just added cannot be found.");
        }

        await LearnAsync(contact, person, toldAt, cancellationToken);
        return contact;
    }

    /// <summary>Whether anybody is called by a number or an id that they were not called by before.</summary>
    public bool HasLearned { get; private set; }

    /// <summary>Notes that somebody is called otherwise: from then on both names are one person.</summary>
    public async Task ChangeAsync(ChannelId channel, IdentityChange change, CancellationToken cancellationToken)
    {
        certain = NobodyIsCertain;
        var (before, after) = (change.Before, change.After);
        // Who is called by the new number alone may be its last owner; with an id of their own they are.
        var named = new PersonIds(after.UserId ?? before.UserId, after.Phone ?? before.Phone, after.ParentUserId ?? before.ParentUserId);
        var known = await FindAsync(channel, before, change.At, cancellationToken);
        var merges = merge.Done;
        var contact = await FindAsync(channel, named, change.At, cancellationToken) ?? known;
        known = merge.Done > merges ? await FindAsync(channel, before, change.At, cancellationToken) : known;
        if (known is not null && contact is not null && known.Id != contact.Id)
        {
            string[] ids = [.. before.UserIds, .. after.UserIds];
            contact = contact.ProviderUserId is null || ids.Contains(contact.ProviderUserId)
                ? await merge.ExecuteAsync(channel, [known.Id, contact.Id], cancellationToken)
                : known;
        }

        contact ??= await FindOrAddAsync(channel, named, change.At, cancellationToken);

        var aliases = new List<ContactAlias>();
        foreach (var old in before.UserIds.Concat(after.UserIds))
        {
            aliases.Add(Alias(contact, AliasKind.User, old, change.At));
        }

        if (after.UserId is { } user && user != contact.ProviderUserId && (contact.UserToldAt is null || contact.UserToldAt <= change.At))
        {
            if (contact.ProviderUserId is { } replaced)
            {
                aliases.Add(Alias(contact, AliasKind.User, replaced, change.At));
            }

            (contact.ProviderUserId, contact.UserToldAt) = (user, change.At);
        }
        else if (after.UserId == contact.ProviderUserId && !(contact.UserToldAt >= change.At))
        {
            contact.UserToldAt = change.At;
        }

        if (after.Phone is { } phone)
        {
            await TakePhoneAsync(contact, phone, change.At, aliases, cancellationToken);
        }

        if (before.Phone is { } oldPhone && oldPhone != after.Phone)
        {
            aliases.Add(Alias(contact, AliasKind.Phone, oldPhone, change.At));
            // Also when the new one is somebody else's by now: it was given up all the same.
            var isGone = contact.Phone == oldPhone && contact.ProviderUserId is not null && !(contact.PhoneToldAt > change.At);
            (contact.Phone, contact.PhoneToldAt) = isGone ? (null, change.At) : (contact.Phone, contact.PhoneToldAt);
        }

        aliases.RemoveAll(alias => alias.Kind == AliasKind.User ? alias.Value == contact.ProviderUserId : alias.Value == contact.Phone);
        await SaveAsync(contact, cancellationToken);
        HasLearned = true;
        await NoteAliases.ExecuteAsync(context, aliases, cancellationToken);
    }

    /// <summary>Locks everybody who is meant, so that nobody has to be waited for after that. The first that a transaction does.</summary>
    /// <param name="channel">Where they were met.</param>
    /// <param name="people">What they are called.</param>
    /// <param name="besides">Others, who are known already.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <remarks>
    /// All by their ids in one order. Who is not known yet has no row to be locked: then it is their names, so that two who add the same people
    /// in different orders do not wait for each other.
    /// </remarks>
    public async Task LockAsync(
        ChannelId channel, IReadOnlyCollection<PersonIds> people, IReadOnlyCollection<ContactId> besides, CancellationToken cancellationToken) =>
        certain = await new LockPeople(context, tenant).ExecuteAsync(channel, people, besides, cancellationToken);

    /// <summary>The contacts that are meant, each as <see cref="FindOrAddAsync"/> gives it, after everything was learned of all of them.</summary>
    /// <remarks>After <see cref="LockAsync"/>: whom that found without a doubt is not looked for again, and all of them are written at once.</remarks>
    public async Task<IReadOnlyList<ContactId>> MeetAsync(
        ChannelId channel, IReadOnlyList<(PersonIds Person, DateTimeOffset At)> people, CancellationToken cancellationToken)
    {
        var known = await new MeetCertain(context, tenant, clock).ExecuteAsync(channel, certain, people, cancellationToken);
        var merges = merge.Done;
        var met = await OneByOneAsync();
        return merge.Done == merges ? met : await OneByOneAsync(); // somebody became somebody else on the way

        // Who is named by an id is who they are at any time: once is enough.
        async Task<List<ContactId>> OneByOneAsync()
        {
            var byId = new Dictionary<PersonIds, ContactId>();
            foreach (var told in people.Where(told => told.Person.UserIds.Length > 0 && !known.ContainsKey(told.Person.Bare)).GroupBy(told => told.Person, told => told.At))
            {
                byId.Add(told.Key, (await FindOrAddAsync(channel, told.Key, told.Max(), cancellationToken)).Id);
            }

            var all = new List<ContactId>();
            foreach (var (person, at) in people)
            {
                all.Add(known.TryGetValue(person.Bare, out var met) || byId.TryGetValue(person, out met) ? met : (await FindOrAddAsync(channel, person, at, cancellationToken)).Id);
            }

            return all;
        }
    }

    /// <summary>Notes what the person wants; the newest word in the provider's time counts. A contact that has become another one's leads there.</summary>
    public async Task PreferAsync(ContactId contact, bool stopsMarketing, DateTimeOffset at, CancellationToken cancellationToken)
    {
        // If it was put together with another one while this waited for it, the row is gone, and only the next statement sees where it leads.
        _ = await PreferAsync() > 0 || await PreferAsync() > 0;

        Task<int> PreferAsync()
        {
            var (client, id) = (tenant.ClientId.Value, contact.Value);
            // Of two words of the same second the one that asks for less counts.
            return context.Database.ExecuteSqlAsync(
                $"""
                UPDATE contacts SET marketing_stopped_at = CASE WHEN {stopsMarketing} THEN {at} END, marketing_told_at = {at}
                WHERE client_id = {client} AND id = coalesce((SELECT kept_id FROM ended_ids WHERE client_id = {client} AND id = {id}), {id})
                    AND (marketing_told_at IS NULL OR marketing_told_at < {at} OR ({stopsMarketing} AND marketing_told_at = {at}))
                """,
                cancellationToken);
        }
    }

    // Locked: who is being erased, merged or told of at this moment is waited for. Ids are taken in their order, so that two never wait for each other.
    private async Task<Contact?> FindAsync(ChannelId channel, PersonIds person, DateTimeOffset? toldAt, CancellationToken cancellationToken)
    {
        while (true)
        {
            var named = await NamedAsync(channel, person, toldAt, cancellationToken);
            var ids = named.Keys.Select(id => id.Value).ToArray();
            var rows = ids.Length == 0 ? [] : await context.Contacts
                .FromSql($"SELECT * FROM contacts WHERE id = ANY ({ids}) ORDER BY id FOR NO KEY UPDATE").AsNoTracking().ToListAsync(cancellationToken);
            if (rows.Count < ids.Length)
            {
                continue; // somebody else has put two of them together just now
            }

            var same = Same(rows, named, person, toldAt);
            foreach (var byNumber in same.FindAll(row => person.UserIds.Length > 0 && !named[row.Id]))
            {
                _ = await IsLongSilentAsync(byNumber, toldAt, cancellationToken) && same.Remove(byNumber);
            }

            if (same.Count < 2)
            {
                return same.SingleOrDefault();
            }

            if (await merge.ExecuteAsync(channel, [.. same.Select(row => row.Id)], cancellationToken) is { } merged)
            {
                return merged;
            }
        }
    }

    private static List<Contact> Same(List<Contact> rows, Dictionary<ContactId, bool> named, PersonIds person, DateTimeOffset? toldAt)
    {
        if (person.UserIds.Length > 0)
        {
            // Whoever only has the number, and is known by another id, is somebody else.
            return rows.FindAll(row => named[row.Id] || row.ProviderUserId is null);
        }

        // A number alone is one person's at a time: whose it is now, unless it was somebody else's when this was written.
        var holder = rows.Find(row => row.Phone == person.Phone);
        var isHolders = holder is not null && (rows.Count == 1 || toldAt is null || !(holder.PhoneToldAt > toldAt));
        return isHolders ? [holder!] : [.. rows.Where(row => row != holder).Take(1)];
    }

    private async Task<Dictionary<ContactId, bool>> NamedAsync(
        ChannelId channel, PersonIds person, DateTimeOffset? toldAt, CancellationToken cancellationToken)
    {
        await context.Database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(NamedSql, (NpgsqlConnection)context.Database.GetDbConnection());
        command.Parameters.AddWithValue(channel.Value);
        command.Parameters.AddWithValue(person.UserIds);
        command.Parameters.Add(new() { Value = (object?)person.Phone ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.AddWithValue(toldAt ?? clock.GetUtcNow());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var named = new Dictionary<ContactId, bool>();
        while (await reader.ReadAsync(cancellationToken))
        {
            named.Add(new ContactId(reader.GetGuid(0)), reader.GetBoolean(1));
        }

        return named;
    }

    // Somebody else may add the same person at the same moment; whoever comes second finds theirs.
    private async Task AddAsync(ChannelId channel, PersonIds person, DateTimeOffset? toldAt, CancellationToken cancellationToken)
    {
        var (id, client, user, phone) = (TypedId.New<ContactId>().Value, tenant.ClientId.Value, person.UserId ?? person.ParentUserId, person.Phone);
        if (user is not null && phone is not null)
        {
            phone = await ReleasePhoneAsync(channel, null, phone, toldAt, cancellationToken) ? phone : null;
        }

        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO contacts (id, client_id, channel_id, provider_user_id, phone, phone_told_at, created_at)
            VALUES ({id}, {client}, {channel.Value}, {user}, {phone}, {(phone is null ? null : toldAt)}, {clock.GetUtcNow()})
            ON CONFLICT DO NOTHING
            """,
            cancellationToken);
    }

    private async Task LearnAsync(Contact contact, PersonIds person, DateTimeOffset? toldAt, CancellationToken cancellationToken)
    {
        var before = (contact.ProviderUserId, contact.Phone);
        var changes = false;
        if (toldAt is { } at && (person.Name ?? person.Username) is not null && !(contact.ToldAt >= at))
        {
            (contact.Name, contact.Username, contact.ToldAt) = (person.Name ?? contact.Name, person.Username ?? contact.Username, at);
            changes = true;
        }

        var aliases = new List<ContactAlias>();
        var user = person.UserId ?? person.ParentUserId;
        if (user is not null && (contact.ProviderUserId is null || (contact.ProviderUserId == person.ParentUserId && contact.ProviderUserId != user)))
        {
            // What the provider calls this person with this business comes before what it calls them with several.
            contact.ProviderUserId = user;
            changes = true;
        }

        if (person is { ParentUserId: { } parent, UserId: not null } && parent != contact.ProviderUserId)
        {
            aliases.Add(Alias(contact, AliasKind.User, parent, toldAt ?? clock.GetUtcNow()));
        }

        // Whoever was found by a number alone may have another by now.
        if (person.Phone is { } phone && (person.UserIds.Length > 0 || contact.Phone is null || contact.Phone == phone))
        {
            changes |= !(contact.PhoneToldAt == toldAt && toldAt is not null) && await TakePhoneAsync(contact, phone, toldAt, aliases, cancellationToken);
        }

        if (changes)
        {
            await SaveAsync(contact, cancellationToken);
            HasLearned |= before != (contact.ProviderUserId, contact.Phone);
        }

        await NoteAliases.ExecuteAsync(context, aliases, cancellationToken);
    }

    // The number is this person's from then on, unless something later was told of them or of it.
    private async Task<bool> TakePhoneAsync(
        Contact contact, string phone, DateTimeOffset? toldAt, List<ContactAlias> aliases, CancellationToken cancellationToken)
    {
        if (contact.Phone == phone)
        {
            var isFresher = toldAt is not null && !(contact.PhoneToldAt >= toldAt);
            contact.PhoneToldAt = isFresher ? toldAt : contact.PhoneToldAt;
            return isFresher;
        }

        if (contact.PhoneToldAt > toldAt)
        {
            aliases.Add(Alias(contact, AliasKind.Phone, phone, contact.PhoneToldAt.Value));
            return false;
        }

        if (!await ReleasePhoneAsync(contact.ChannelId, contact.Id, phone, toldAt, cancellationToken))
        {
            if (toldAt is { } then)
            {
                aliases.Add(Alias(contact, AliasKind.Phone, phone, then)); // it was theirs before it was somebody else's
            }

            return false;
        }

        if (contact.Phone is { } old && toldAt is { } at)
        {
            aliases.Add(Alias(contact, AliasKind.Phone, old, at));
        }

        (contact.Phone, contact.PhoneToldAt) = (phone, toldAt);
        return true;
    }

    // A number that changed hands: whoever had it before keeps their messages and loses the number, so that nobody reads an answer meant for
    // somebody else. Who would have nothing left to be known by keeps it, unless nothing was heard of them for long.
    private async Task<bool> ReleasePhoneAsync(
        ChannelId channel, ContactId? besides, string phone, DateTimeOffset? toldAt, CancellationToken cancellationToken)
    {
        var holder = await context.Contacts
            .FromSql($"SELECT * FROM contacts WHERE channel_id = {channel.Value} AND phone = {phone} FOR NO KEY UPDATE").AsNoTracking()
            .SingleOrDefaultAsync(cancellationToken);
        if (holder is null || holder.Id == besides)
        {
            return true;
        }

        if (holder.PhoneToldAt > toldAt || (holder.ProviderUserId is null && !await IsLongSilentAsync(holder, toldAt, cancellationToken)))
        {
            return false;
        }

        await NoteAliases.ExecuteAsync(context, [Alias(holder, AliasKind.Phone, phone, toldAt ?? clock.GetUtcNow())], cancellationToken);
        return await context.Contacts.Where(row => row.Id == holder.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Phone, (string?)null).SetProperty(row => row.PhoneToldAt, (DateTimeOffset?)null), cancellationToken) == 1;
    }

    // Neither they nor the client wrote: what comes now from their number may be somebody else's.
    private async Task<bool> IsLongSilentAsync(Contact contact, DateTimeOffset? toldAt, CancellationToken cancellationToken)
    {
        var last = await context.Conversations.Where(row => row.ContactId == contact.Id).Select(row => (DateTimeOffset?)row.LastMessageAt).MaxAsync(cancellationToken);
        return (toldAt ?? clock.GetUtcNow()) - last > Silence;
    }

    private Task<int> SaveAsync(Contact contact, CancellationToken cancellationToken) =>
        context.Contacts.Where(row => row.Id == contact.Id).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Name, contact.Name).SetProperty(row => row.Username, contact.Username)
                .SetProperty(row => row.ToldAt, contact.ToldAt)
                .SetProperty(row => row.ProviderUserId, contact.ProviderUserId).SetProperty(row => row.UserToldAt, contact.UserToldAt)
                .SetProperty(row => row.Phone, contact.Phone).SetProperty(row => row.PhoneToldAt, contact.PhoneToldAt),
            cancellationToken);

    private ContactAlias Alias(Contact contact, AliasKind kind, string value, DateTimeOffset until) =>
        ContactAlias.Of(contact, kind, value, until, clock.GetUtcNow());
}
