using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Endpoints;

/// <summary>Finds the endpoint that an operator means, whosever it is; the scope is that client's from then on.</summary>
/// <param name="context">The database.</param>
/// <param name="database">For looking in the name of one client after the other.</param>
/// <param name="tenant">Becomes the endpoint's client.</param>
public sealed class FindEndpoint(WaMcpDbContext context, NpgsqlDataSource database, TenantContext tenant)
{
    /// <summary>The endpoint.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<Endpoint> ExecuteAsync(string reference, CancellationToken cancellationToken)
    {
        if (!TypedId.TryParse<EndpointId>(reference, out var id) || await OwnersAsync(id, cancellationToken) is not [var owner])
        {
            throw Fault.NotFound("endpoint", reference, "`admin endpoints list` shows the endpoints; one is named by its id (end_…).");
        }

        tenant.Set(owner);
        return await context.Endpoints.SingleAsync(candidate => candidate.Id == id, cancellationToken);
    }

    /// <summary>The clients that have endpoints, or the one that has this.</summary>
    /// <remarks>Row-level security shows one client's at a time, operators no more than others: so each is asked for, all in one round trip.</remarks>
    public async Task<IReadOnlyList<ClientId>> OwnersAsync(EndpointId? only, CancellationToken cancellationToken)
    {
        var clients = await context.Clients.AsNoTracking().OrderBy(client => client.Id).Select(client => client.Id).ToListAsync(cancellationToken);
        var owners = new List<ClientId>();
        foreach (var some in clients.Chunk(1000))
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var batch = new NpgsqlBatch(connection);
            foreach (var client in some)
            {
                batch.BatchCommands.Add(new("SELECT set_config('wamcp.client_id', $1, true)") { Parameters = { new() { Value = client.Value.ToString() } } });
                batch.BatchCommands.Add(new("SELECT client_id FROM endpoints WHERE $1 IS NULL OR id = $1 LIMIT 1")
                {
                    Parameters = { new() { Value = (object?)only?.Value ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid } },
                });
            }

            await using var reader = await batch.ExecuteReaderAsync(cancellationToken); // one implicit transaction, which the setting lasts for
            do
            {
                if (await reader.ReadAsync(cancellationToken) && reader.GetFieldType(0) == typeof(Guid))
                {
                    owners.Add(new ClientId(reader.GetGuid(0)));
                }
            }
            while (await reader.NextResultAsync(cancellationToken));
        }

        return owners;
    }
}
