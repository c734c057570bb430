using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Access;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Audit;

/// <summary>
/// Saves an operator's change together with its audit row: either both are there or neither. When it returns, the change is in force on
/// every replica.
/// </summary>
/// <param name="context">With the change in it.</param>
/// <param name="epochs">Ended for the clients whose rights may have changed.</param>
/// <param name="clock">Stamps the row.</param>
/// <param name="operator">Who.</param>
public sealed class AuditedChange(WaMcpDbContext context, ClientEpoch epochs, TimeProvider clock, Operator @operator)
{
    /// <summary>Commits the tracked changes and the row, for the client that the row names.</summary>
    /// <param name="record">What happened; time, request id and operator are filled in.</param>
    /// <param name="facts">Further facts for the row; ids and counts, never content.</param>
    /// <param name="cancellationToken">Rolls both back.</param>
    public Task SaveAsync(AuditRecord record, JsonObject? facts, CancellationToken cancellationToken) =>
        SaveAsync(record, facts, record.ClientId is { } client ? [client] : [], cancellationToken);

    /// <summary>Commits the tracked changes and the row, with the transaction that is under way if there is one.</summary>
    /// <param name="record">What happened; time, request id and operator are filled in.</param>
    /// <param name="facts">Further facts for the row; ids and counts, never content.</param>
    /// <param name="affected">The clients whose rights may have changed.</param>
    /// <param name="cancellationToken">Rolls both back.</param>
    public async Task SaveAsync(
        AuditRecord record, JsonObject? facts, IReadOnlyCollection<ClientId> affected, CancellationToken cancellationToken)
    {
        await using var transaction = context.Database.CurrentTransaction ?? await context.Database.BeginTransactionAsync(cancellationToken);
        await SaveChangesAsync(cancellationToken);
        var metadata = facts ?? [];
        metadata["operator"] = @operator.Name;
        var row = record with { RequestId = @operator.RequestId, Metadata = metadata.ToJsonString(JsonSerializerOptions.Web) };
        await AuditTable.WriteAsync((NpgsqlConnection)context.Database.GetDbConnection(), [row], cancellationToken);
        await transaction.CommitAsync(CancellationToken.None); // or else nobody knows whether it is in
        await epochs.EndAsync(affected);
    }

    /// <summary>A row of an action just now.</summary>
    public AuditRecord Row(string action) => new() { Action = action, Ts = clock.GetUtcNow() };

    private async Task SaveChangesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await context.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException exception)
        {
            throw new Fault(
                FaultCode.Conflict, "Somebody else changed this at the same moment; nothing was changed here.", "See how it is now, then try again.", inner: exception);
        }
    }
}
