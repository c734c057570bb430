using Npgsql;

namespace WaMcp.Domain.Audit;

/// <summary>Seals the batches of audit rows that no seal holds yet into the chain. The one place where order is made, so writers need none.</summary>
/// <param name="database">As wa_app.</param>
public sealed class SealAudit(NpgsqlDataSource database)
{
    /// <summary>Batches that one seal takes at most.</summary>
    public const int MaxBatches = 5_000;

    /// <summary>Names the advisory lock of whoever seals; any number that nobody else uses.</summary>
    private const long NotaryLock = 0x77616d6e6f74;

    // A statement of its own, before the one that reads the last seal: that one then sees what the notary before has committed.
    private const string Lock = "SELECT pg_try_advisory_xact_lock($1)";

    // A batch that is gone is sealed without a hash, and found by whoever verifies.
    private const string Seal =
        """
        WITH taken AS (
            DELETE FROM audit_unsealed
            WHERE batch_id IN (SELECT batch_id FROM audit_unsealed ORDER BY batch_id LIMIT $1)
            RETURNING batch_id
        ), sums AS MATERIALIZED (
            SELECT clock_timestamp() AS sealed_at, count(*) AS batches,
                string_agg(int8send(batch_id) || coalesce(hash, decode(repeat('00', 32), 'hex')), '' ORDER BY batch_id) AS entries
            FROM taken LEFT JOIN audit_batches ON id = batch_id
        ), last AS (
            SELECT number, hash FROM audit_seals ORDER BY number DESC LIMIT 1
        )
        INSERT INTO audit_seals (number, sealed_at, batches, entries, previous, hash)
        SELECT last.number + 1, sealed_at, batches, entries, last.hash,
            sha256('\x01' || int8send(last.number + 1) || timestamptz_send(sealed_at) || last.hash || entries)
        FROM sums, last
        WHERE batches > 0
        RETURNING number, sealed_at, batches, entries, previous, hash
        """;

    /// <summary>Makes one seal of what there is.</summary>
    /// <returns>The seal; null when there is nothing to seal, or somebody else is just sealing.</returns>
    public async Task<AuditSeal?> ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var mine = new NpgsqlCommand(Lock, connection) { Parameters = { new() { Value = NotaryLock } } };
        if (!(bool)(await mine.ExecuteScalarAsync(cancellationToken))!)
        {
            return null;
        }

        AuditSeal? made = null;
        await using (var command = new NpgsqlCommand(Seal, connection) { Parameters = { new() { Value = MaxBatches } } })
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (await reader.ReadAsync(cancellationToken))
            {
                made = AuditSeal.Read(reader);
            }
        }

        if (made is not null)
        {
            await transaction.CommitAsync(cancellationToken); // otherwise nothing was taken, or there is no chain to go on with
        }

        return made;
    }

    /// <summary>The last seal.</summary>
    public async Task<AuditSeal> LastAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {AuditSeal.Columns} FROM audit_seals ORDER BY number DESC LIMIT 1");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? AuditSeal.Read(reader)
            : throw new Fault(FaultCode.NotFound, "The audit chain has no seal at all, not even its first.", "`admin audit verify` says more.");
    }

    /// <summary>How many batches wait for a seal.</summary>
    public async Task<long> WaitingAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT count(*) FROM audit_unsealed");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
