using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Contacts;

/// <summary>Locks everybody whom a transaction will write about, in one order. Runs inside the caller's transaction.</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
internal sealed class LockPeople(WaMcpDbContext context, TenantContext tenant)
{
    // Whoever may be meant by the number of somebody, at whatever time.
    private const string NamedSql =
        """
        SELECT place, id FROM unnest($2::int[], $3::text[]) AS told (place, name) JOIN contacts ON channel_id = $1 AND provider_user_id = told.name
        UNION SELECT place, contact_id FROM unnest($2::int[], $3::text[]) AS told (place, name)
            JOIN contact_aliases ON channel_id = $1 AND kind = 'User' AND value = told.name
        UNION SELECT place, id FROM unnest($4::int[], $5::text[]) AS told (place, name) JOIN contacts ON channel_id = $1 AND phone = told.name
        UNION SELECT place, contact_id FROM unnest($4::int[], $5::text[]) AS told (place, name)
            JOIN contact_aliases ON channel_id = $1 AND kind = 'Phone' AND value = told.name
        """;

    // No more of them than a transaction has names: there is room for some thousands in the cluster.
    private const string LockNamesSql =
        """
        SELECT pg_advisory_xact_lock(key) FROM (
            SELECT DISTINCT hashtextextended(concat('person ', $1, ' ', $2, ' ', name), 0) AS key FROM unnest($3) AS name ORDER BY key OFFSET 0) keys
        """;

    private NpgsqlConnection Connection => (NpgsqlConnection)context.Database.GetDbConnection();

    /// <summary>Locks them.</summary>
    /// <returns>
    /// Those about whom there is no doubt, by their ids: who has one row that says the same, and who is new (null). Nobody else of them has one of their names or
    /// their row.
    /// </returns>
    public async Task<IReadOnlyDictionary<PersonIds, Contact?>> ExecuteAsync(
        ChannelId channel, IReadOnlyCollection<PersonIds> people, IReadOnlyCollection<ContactId> besides, CancellationToken cancellationToken)
    {
        PersonIds[] told = [.. people.Select(person => person.Bare).Distinct()];
        var named = await NamedAsync(channel, told, cancellationToken);
        string[] unknown = [.. told.Where((_, place) => !named.Contains(place)).SelectMany(person => person.All)];
        if (unknown.Length > 0)
        {
            await using var names = new NpgsqlCommand(LockNamesSql, Connection);
            names.Parameters.AddWithValue(tenant.ClientId.Value);
            names.Parameters.AddWithValue(channel.Value);
            names.Parameters.AddWithValue(unknown);
            await names.PrepareAsync(cancellationToken);
            await names.ExecuteNonQueryAsync(cancellationToken);
            named = await NamedAsync(channel, told, cancellationToken);
        }

        while (true)
        {
            Guid[] ids = [.. named.SelectMany(ofPlace => ofPlace).Union(besides.Select(contact => contact.Value))];
            var rows = ids.Length == 0 ? [] : await context.Contacts
                .FromSql($"SELECT * FROM contacts WHERE id = ANY ({ids}) ORDER BY id FOR NO KEY UPDATE").AsNoTracking().ToListAsync(cancellationToken);
            if (rows.Count == ids.Length)
            {
                return Certain(told, named, rows.ToDictionary(row => row.Id.Value));
            }

            besides = []; // somebody was put together with somebody else just now
            var again = await NamedAsync(channel, told, cancellationToken);
            if (again.SelectMany(ofPlace => ofPlace).All(id => ids.Contains(id)))
            {
                return new Dictionary<PersonIds, Contact?>();
            }

            named = again;
        }
    }

    private static Dictionary<PersonIds, Contact?> Certain(PersonIds[] told, ILookup<int, Guid> named, Dictionary<Guid, Contact> rows)
    {
        var shared = told.SelectMany((person, place) => person.All.Concat(named[place].Select(id => id.ToString())).Distinct())
            .CountBy(name => name).Where(count => count.Value > 1).Select(count => count.Key).ToHashSet();
        var certain = new Dictionary<PersonIds, Contact?>();
        foreach (var (place, person) in told.Index())
        {
            Guid[] ids = [.. named[place]];
            if (person.ParentUserId is not null || ids.Length > 1 || person.All.Any(shared.Contains) || ids.Any(id => shared.Contains(id.ToString())))
            {
                continue;
            }

            var row = ids.Length == 0 ? null : rows[ids[0]];
            if (row is null || (row.Phone == person.Phone && (person.UserId is null || row.ProviderUserId == person.UserId)))
            {
                certain.Add(person, row);
            }
        }

        return certain;
    }

    // Contacts by the place of whom they may be.
    private async Task<ILookup<int, Guid>> NamedAsync(ChannelId channel, PersonIds[] told, CancellationToken cancellationToken)
    {
        var users = told.SelectMany((person, place) => person.UserIds.Select(name => (Place: place, Name: name))).ToList();
        var phones = told.Select((person, place) => (Place: place, Name: person.Phone)).Where(row => row.Name is not null).ToList();
        await using var batch = new NpgsqlBatch(Connection);
        batch.BatchCommands.Add(new($"SELECT {JobQueue.ByIndex}"));
        batch.BatchCommands.Add(new(NamedSql)
        {
            Parameters =
            {
                new() { Value = channel.Value },
                new() { Value = users.Select(row => row.Place).ToArray() }, new() { Value = users.Select(row => row.Name).ToArray() },
                new() { Value = phones.Select(row => row.Place).ToArray() }, new() { Value = phones.Select(row => row.Name!).ToArray() },
            },
        });
        await batch.PrepareAsync(cancellationToken); // planning it takes longer than running it
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var named = new List<(int Place, Guid Id)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            named.Add((reader.GetInt32(0), reader.GetGuid(1)));
        }

        return named.ToLookup(row => row.Place, row => row.Id);
    }
}
