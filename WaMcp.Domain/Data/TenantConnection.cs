using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace WaMcp.Domain.Data;

/// <summary>Tells every connection that a scope opens whose it is, so that row-level security can hold what the filter should have held.</summary>
/// <remarks>
/// Fails closed: a scope without a tenant leaves the connection with none, and the policies then show no tenant row at all. Npgsql
/// resets the session (<c>DISCARD ALL</c>) before a pooled connection is used again, so the id never survives into another scope.
/// </remarks>
internal sealed class TenantConnection : DbConnectionInterceptor
{
    public static readonly TenantConnection Instance = new();

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) =>
        throw new NotSupportedException("Open the database asynchronously.");

    public override async Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        if (eventData.Context is not WaMcpDbContext { Tenant: { IsSet: true } tenant })
        {
            return;
        }

        await using var command = new NpgsqlCommand("SELECT set_config('wamcp.client_id', $1, false)", (NpgsqlConnection)connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = tenant.ClientId.Value.ToString() });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
