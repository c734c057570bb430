using System.Data;
using System.Runtime.CompilerServices;
using Npgsql;

namespace WaMcp.Domain.Audit;

/// <summary>Reads the audit log for operators, in the order of time.</summary>
/// <param name="database">As wa_app.</param>
/// <param name="clock">For the pauses of who follows.</param>
public sealed class AskAudit(NpgsqlDataSource database, TimeProvider clock)
{
    private const int Page = 1_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The rows that are there, or the newest of them.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="newest">How many at most; null for all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<IReadOnlyList<AuditRow>> ReadAsync(
        AuditFilter filter, int? newest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await foreach (var page in ReadAsync(connection, filter, newest, cancellationToken))
        {
            yield return page;
        }
    }

    /// <summary>
    /// The same, and then what is written from now on, until it is cancelled: each row once, also one that is committed late, or stamped long
    /// before because it had to wait. The batches tell what is new, so neither ids nor times need to be in order.
    /// </summary>
    /// <param name="filter">Which.</param>
    /// <param name="newest">How many of those that are there; null for all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<IReadOnlyList<AuditRow>> FollowAsync(
        AuditFilter filter, int? newest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Place shown;
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
        await using (await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken))
        {
            (shown, _) = await LookAsync(connection, null, cancellationToken);
            await foreach (var page in ReadAsync(connection, filter, newest, cancellationToken))
            {
                yield return page;
            }
        }

        while (true)
        {
            await Task.Delay(Pause, clock, cancellationToken);
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            (shown, var batches) = await LookAsync(connection, shown, cancellationToken);
            foreach (var ids in batches.Chunk(Page))
            {
                yield return await RowsOfAsync(connection, ids, filter, cancellationToken);
            }
        }
    }

    private static async IAsyncEnumerable<IReadOnlyList<AuditRow>> ReadAsync(
        NpgsqlConnection connection, AuditFilter filter, int? newest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (newest is { } count)
        {
            List<object> asked = [count];
            var sql = $"SELECT {AuditRow.Columns} FROM audit_log WHERE true{filter.Conditions(asked)} ORDER BY ts DESC, id DESC LIMIT $1";
            var rows = await Pages.ReadAsync(connection, sql, [.. asked], AuditRow.Read, cancellationToken);
            rows.Reverse();
            yield return rows;
            yield break;
        }

        var place = AuditFilter.PlaceOf(long.MinValue, long.MinValue); // which Postgres calls -infinity
        while (true)
        {
            List<object> asked = [.. place];
            var sql = $"SELECT {AuditRow.Columns} FROM audit_log WHERE (ts, id) > ($1, $2){filter.Conditions(asked)} ORDER BY ts, id LIMIT {Page}";
            var rows = await Pages.ReadAsync(connection, sql, [.. asked], AuditRow.Read, cancellationToken);
            yield return rows;
            if (rows.Count < Page)
            {
                yield break;
            }

            place = AuditFilter.PlaceOf(rows[^1].Ts, rows[^1].Id);
        }
    }

    // Everything up to a seal, and the batches that wait for theirs. What is new are the batches that are in it now and were not before.
    private static async Task<(Place Now, List<long> New)> LookAsync(NpgsqlConnection connection, Place? before, CancellationToken cancellationToken)
    {
        var waiting = await Pages.ReadAsync(connection, "SELECT batch_id FROM audit_unsealed", [], reader => reader.GetInt64(0), cancellationToken);
        if (before is null)
        {
            var last = await Pages.ReadAsync(connection, "SELECT coalesce(max(number), 0) FROM audit_seals", [], reader => reader.GetInt64(0), cancellationToken);
            return (new(last.Single(), [.. waiting]), []);
        }

        var seals = await Pages.ReadAsync(
            connection, $"SELECT {AuditSeal.Columns} FROM audit_seals WHERE number > $1 ORDER BY number", [before.Seal], AuditSeal.Read, cancellationToken);
        var present = seals.SelectMany(seal => Enumerable.Range(0, seal.Batches).Select(seal.BatchId)).Concat(waiting);
        return (new(seals is [.., var newest] ? newest.Number : before.Seal, [.. waiting]), [.. present.Where(batch => !before.Waiting.Contains(batch)).Order()]);
    }

    private static async Task<IReadOnlyList<AuditRow>> RowsOfAsync(
        NpgsqlConnection connection, long[] batches, AuditFilter filter, CancellationToken cancellationToken)
    {
        var stored = await Pages.ReadAsync(
            connection, $"SELECT {AuditBatch.Columns} FROM audit_batches WHERE id = ANY ($1)", [batches], AuditBatch.Read, cancellationToken);
        List<object> asked = [stored.SelectMany(batch => Enumerable.Range(0, batch.Count).Select(batch.RowId)).ToArray()];
        var sql = $"SELECT {AuditRow.Columns} FROM audit_log WHERE id = ANY ($1){filter.Conditions(asked)} ORDER BY ts, id";
        return await Pages.ReadAsync(connection, sql, [.. asked], AuditRow.Read, cancellationToken);
    }

    private sealed record Place(long Seal, HashSet<long> Waiting);
}
