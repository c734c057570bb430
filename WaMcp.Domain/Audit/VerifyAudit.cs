using Npgsql;
using NpgsqlTypes;

namespace WaMcp.Domain.Audit;

/// <summary>
/// Compares the audit log with its batches and the batches with the chain of seals, all in one snapshot, page by page, and names the first
/// thing that is not as it was written.
/// </summary>
/// <remarks>
/// What it cannot find: a tail, or a whole chain, that somebody with the owner's rights has cut off or made anew, unless a head from outside the
/// database is given; rows of a batch that was removed in the second before its seal; what a program wrote that was not so.
/// </remarks>
/// <param name="database">As wa_app; reading is enough.</param>
public sealed class VerifyAudit(NpgsqlDataSource database)
{
    /// <summary>The batch to begin with when all are meant; ids are positive, but whoever adds one need not keep to that.</summary>
    internal const long Everything = long.MinValue;

    /// <summary>What to verify.</summary>
    public sealed record Order
    {
        /// <summary>Only batches that were written in so long a time until now, and their rows; the chain of seals is always followed whole.</summary>
        public TimeSpan? Since { get; init; }

        /// <summary>With <see cref="Since"/>: follow the chain from then on only, as one does who looks often.</summary>
        public bool IsQuick { get; init; }

        /// <summary>Only batches from this one on; as <see cref="Since"/>.</summary>
        public long? FromBatch { get; init; }

        /// <summary>Heads that were kept outside of the database.</summary>
        public IReadOnlyList<AuditHead> Heads { get; init; } = [];

        /// <summary>Rows that were archived, from an id on and in the order of ids. A row may be there and in the database as well.</summary>
        public Func<long, IAsyncEnumerable<AuditRow>>? Archived { get; init; }
    }

    /// <summary>Verifies.</summary>
    /// <param name="order">What.</param>
    /// <param name="progress">Told from time to time.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<AuditVerdict> ExecuteAsync(Order order, IProgress<AuditProgress>? progress, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        var fromBatch = order.FromBatch ?? await FirstBatchAsync(connection, order.Since, cancellationToken);
        var findings = new AuditFindings();

        var chain = new AuditChainCheck(connection, findings, fromBatch);
        await chain.ExecuteAsync(order.Heads, await FirstSealAsync(connection, order, cancellationToken), cancellationToken);
        var rows = new AuditRowCheck(connection, findings, progress) { BeforeChain = chain.BeforeChain };
        await rows.ExecuteAsync(fromBatch, order.Archived, cancellationToken);

        return new()
        {
            Rows = rows.Rows,
            RowsBeforeChain = rows.RowsBeforeChain,
            Batches = chain.Batches,
            Unsealed = chain.Unsealed,
            Seals = chain.Seals,
            Head = chain.Head,
            OpenWriters = await OpenWritersAsync(connection, fromBatch, cancellationToken),
            Findings = findings.Count,
            First = findings.First,
            Kinds = findings.Kinds,
        };
    }

    // Everything, unless a time was given; nothing, when nothing was written since.
    private static async Task<long> FirstBatchAsync(NpgsqlConnection connection, TimeSpan? since, CancellationToken cancellationToken)
    {
        if (since is null)
        {
            return Everything;
        }

        // OFFSET 0: by the index on the time, not along all ids from the first one on.
        return await NumberAsync(
            connection,
            "SELECT coalesce(min(id), 9223372036854775807) FROM (SELECT id FROM audit_batches WHERE written_at >= now() - $1 OFFSET 0) AS late",
            since.Value,
            cancellationToken);
    }

    // The last one before that time: what it does not name was written later, or is of no interest.
    private static async Task<long> FirstSealAsync(NpgsqlConnection connection, Order order, CancellationToken cancellationToken) =>
        order is { IsQuick: true, Since: { } since }
            ? await NumberAsync(
                connection, "SELECT coalesce((SELECT number FROM audit_seals WHERE sealed_at < now() - $1 ORDER BY number DESC LIMIT 1), 0)", since, cancellationToken)
            : 0;

    private static async Task<long> NumberAsync(NpgsqlConnection connection, string sql, TimeSpan ago, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection)
        {
            CommandTimeout = 0,
            Parameters = { new() { Value = ago, NpgsqlDbType = NpgsqlDbType.Interval } },
        };
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<IReadOnlyList<AuditWriter>> OpenWritersAsync(NpgsqlConnection connection, long fromBatch, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT writer, max(written_at) FROM audit_batches WHERE writer IS NOT NULL AND id >= $1
            GROUP BY writer HAVING NOT bool_or(closing) ORDER BY 2
            """,
            connection)
        {
            CommandTimeout = 0,
            Parameters = { new() { Value = fromBatch } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var writers = new List<AuditWriter>();
        while (await reader.ReadAsync(cancellationToken))
        {
            writers.Add(new(reader.GetGuid(0), AuditTime.ToTime(reader.GetFieldValue<long>(1))));
        }

        return writers;
    }
}
