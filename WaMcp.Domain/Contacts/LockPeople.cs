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

    // 256 locks for all names there are: a transaction must not fill the table of locks, and who meets by chance waits a moment.
    private const string LockNamesSql =
        """
        SELECT pg_advisory_xact_lock(key) FROM (
            SELECT DISTINCT hashtextextended(concat('person ', $1, ' ', $2, ' ', abs(hashtext(name) % 256)), 0) AS key FROM unnest($3) AS name
            ORDER BY key OFFSET 0) keys
        """;

    private const string LockRowsSql = "SELECT id FROM contacts WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";

    private NpgsqlConnection Connection => (NpgsqlConnection)context.Database.GetDbConnection();

    /// <summary>Locks them.</summary>
    public async Task ExecuteAsync(
        ChannelId channel, IReadOnlyCollection<PersonIds> people, IReadOnlyCollection<ContactId> besides, CancellationToken cancellationToken)
    {
        PersonIds[] told = [.. people.Distinct()];
        var named = await NamedAsync(channel, told, cancellationToken);
        string[] unknown = [.. told.Where((_, place) => !named.Contains(place)).SelectMany(person => person.UserIds.Append(person.Phone)).OfType<string>()];
        if (unknown.Length > 0)
        {
            await using var names = new NpgsqlCommand(LockNamesSql, Connection);
            names.Parameters.AddWithValue(tenant.ClientId.Value);
            names.Parameters.AddWithValue(channel.Value);
            names.Parameters.AddWithValue(unknown);
            await names.ExecuteNonQueryAsync(cancellationToken);
            named = await NamedAsync(channel, told, cancellationToken);
        }

        while (true)
        {
            Guid[] ids = [.. named.SelectMany(ofPlace => ofPlace).Union(besides.Select(contact => contact.Value))];
            if (ids.Length == 0 || await LockRowsAsync(ids, cancellationToken) == ids.Length)
            {
                return;
            }

            besides = []; // somebody was put together with somebody else just now
            var again = await NamedAsync(channel, told, cancellationToken);
            if (again.SelectMany(ofPlace => ofPlace).All(id => ids.Contains(id)))
            {
                return;
            }

            named = again;
        }
    }

    private async Task<int> LockRowsAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var rows = new NpgsqlCommand(LockRowsSql, Connection);
        rows.Parameters.AddWithValue(ids);
        await using var reader = await rows.ExecuteReaderAsync(cancellationToken);
        var locked = 0;
        while (await reader.ReadAsync(cancellationToken))
        {
            locked++;
        }

        return locked;
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
