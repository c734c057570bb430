using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Contacts;

/// <summary>
/// Meets those about whom there is no doubt (<see cref="LockPeople"/>): nearly everybody. One statement for all who are new and one for all who are known, and the
/// same end as meeting them one by one.
/// </summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="clock">Stamps new contacts.</param>
internal sealed class MeetCertain(WaMcpDbContext context, TenantContext tenant, TimeProvider clock)
{
    // Whoever is there all the same, because of somebody who wrote without the lock, is met in the other way.
    private const string AddSql =
        """
        INSERT INTO contacts (id, client_id, channel_id, provider_user_id, phone, phone_told_at, name, username, told_at, created_at)
        SELECT id, $10, $9, provider_user_id, phone, phone_told_at, name, username, told_at, $8
        FROM unnest($1, $2, $3, $4, $5, $6, $7) AS told (id, phone_told_at, name, username, told_at, provider_user_id, phone)
        ON CONFLICT DO NOTHING
        RETURNING id
        """;

    private const string LearnSql =
        """
        UPDATE contacts SET phone_told_at = told.phone_told_at, name = told.name, username = told.username, told_at = told.told_at
        FROM unnest($1, $2, $3, $4, $5) AS told (id, phone_told_at, name, username, told_at) WHERE contacts.id = told.id
        """;

    /// <summary>Meets them.</summary>
    /// <returns>Who they are. Whoever is not in it has to be looked for.</returns>
    public async Task<Dictionary<PersonIds, ContactId>> ExecuteAsync(
        ChannelId channel,
        IReadOnlyDictionary<PersonIds, Contact?> certain,
        IReadOnlyList<(PersonIds Person, DateTimeOffset At)> people,
        CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var (met, added, learned) = (new Dictionary<PersonIds, ContactId>(), new List<Contact>(), new List<Contact>());
        foreach (var of in people.GroupBy(told => told.Person.Bare).Where(of => certain.ContainsKey(of.Key)))
        {
            var contact = certain[of.Key];
            if (contact is null)
            {
                contact = new Contact
                {
                    Id = TypedId.New<ContactId>(),
                    ClientId = tenant.ClientId,
                    ChannelId = channel,
                    ProviderUserId = of.Key.UserId,
                    Phone = of.Key.Phone,
                    CreatedAt = now,
                };
                _ = Learn(contact, of);
                added.Add(contact);
            }
            else if (Learn(contact, of))
            {
                learned.Add(contact);
            }

            met.Add(of.Key, contact.Id);
        }

        await AddAsync(channel, added, met, now, cancellationToken);
        await LearnAsync(learned, cancellationToken);
        return met;
    }

    private static bool Learn(Contact contact, IEnumerable<(PersonIds Person, DateTimeOffset At)> told)
    {
        var changes = false;
        foreach (var (person, at) in told)
        {
            if ((person.Name ?? person.Username) is not null && !(contact.ToldAt >= at))
            {
                (contact.Name, contact.Username, contact.ToldAt) = (person.Name ?? contact.Name, person.Username ?? contact.Username, at);
                changes = true;
            }

            if (person.Phone is not null && !(contact.PhoneToldAt >= at))
            {
                contact.PhoneToldAt = at;
                changes = true;
            }
        }

        return changes;
    }

    private async Task AddAsync(
        ChannelId channel, List<Contact> added, Dictionary<PersonIds, ContactId> met, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (added.Count == 0)
        {
            return;
        }

        await using var command = Command(AddSql, added);
        Add(command, added, contact => contact.ProviderUserId, NpgsqlDbType.Text);
        Add(command, added, contact => contact.Phone, NpgsqlDbType.Text);
        command.Parameters.AddWithValue(now);
        command.Parameters.AddWithValue(channel.Value);
        command.Parameters.AddWithValue(tenant.ClientId.Value);
        await command.PrepareAsync(cancellationToken); // planning these takes longer than running them
        var there = new HashSet<ContactId>();
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                there.Add(new ContactId(reader.GetGuid(0)));
            }
        }

        foreach (var contact in added.Where(contact => !there.Contains(contact.Id)))
        {
            met.Remove(new PersonIds(contact.ProviderUserId, contact.Phone));
        }
    }

    private async Task LearnAsync(List<Contact> learned, CancellationToken cancellationToken)
    {
        if (learned.Count > 0)
        {
            await using var command = Command(LearnSql, learned);
            await command.PrepareAsync(cancellationToken);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private NpgsqlCommand Command(string sql, List<Contact> contacts)
    {
        var command = new NpgsqlCommand(sql, (NpgsqlConnection)context.Database.GetDbConnection());
        Add(command, contacts, contact => contact.Id.Value, NpgsqlDbType.Uuid);
        Add(command, contacts, contact => contact.PhoneToldAt, NpgsqlDbType.TimestampTz);
        Add(command, contacts, contact => contact.Name, NpgsqlDbType.Text);
        Add(command, contacts, contact => contact.Username, NpgsqlDbType.Text);
        Add(command, contacts, contact => contact.ToldAt, NpgsqlDbType.TimestampTz);
        return command;
    }

    private static void Add<T>(NpgsqlCommand command, List<Contact> contacts, Func<Contact, T> column, NpgsqlDbType type) =>
        command.Parameters.Add(new() { Value = contacts.Select(column).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
}
