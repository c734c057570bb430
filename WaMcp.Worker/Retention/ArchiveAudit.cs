using System.Globalization;
using Microsoft.Extensions.Options;
using Npgsql;
using WaMcp.Domain;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Audit.Archive;
using WaMcp.Domain.Duties;
using WaMcp.Worker.Duties;

namespace WaMcp.Worker.Retention;

/// <summary>
/// Moves audit rows that are old enough into the archive, part by part: written down to the disk, read back, compared with the database and
/// with the digests that the chain holds, named in the manifest, and only then deleted, as the one role that may.
/// </summary>
/// <remarks>
/// Fails closed: whatever does not fit ends the run with everything in its place. Each step can be the last one of a process that is killed:
/// before the manifest is replaced the part does not count and is written again, afterwards its rows are deleted by the next run. Each run is
/// audited as <c>audit_archived</c>. The invariant: a row is in the database, or in a part that its month's manifest names, or for a moment in both.
/// </remarks>
/// <param name="configuration">ConnectionStrings:archiver.</param>
/// <param name="database">As wa_app, for the digests.</param>
/// <param name="archive">Where to.</param>
/// <param name="options">What is old enough.</param>
/// <param name="clock">Now.</param>
internal sealed class ArchiveAudit(
    IConfiguration configuration, NpgsqlDataSource database, AuditArchive archive, IOptions<ArchiveOptions> options, TimeProvider clock) : IDuty
{
    // Earlier than any program of ours: no row of theirs, and no month.
    private static readonly DateTimeOffset Beginning = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private const string Oldest = "SELECT min(ts) FROM audit_log WHERE ts >= $1 AND ts < $2";

    private const string Lines =
        """
        SELECT row_to_json(old)::text
        FROM (SELECT * FROM audit_log WHERE ts >= $1 AND ts < $2 ORDER BY id LIMIT $3) AS old
        """;

    // The same to the bit, once it is restored.
    private const string Same = "audit_log.id = (line::json->>'id')::bigint AND audit_log *= json_populate_record(NULL::audit_log, line::json)";

    public string Name => Duty.ArchiveAudit;

    public string Action => AuditAction.AuditArchived;

    public string? Obstacle => string.IsNullOrWhiteSpace(configuration.GetConnectionString("archiver"))
        ? "ConnectionStrings:archiver is not set. It names Postgres as the role wa_audit_archiver, and is given to one Worker, or to all that share the archive's folder."
        : null;

    public async Task RunOnceAsync(DutyTurn turn, CancellationToken cancellationToken)
    {
        turn.Count("rows", 0);
        try
        {
            await ArchiveAsync(turn, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new Fault(
                FaultCode.Misconfigured,
                $"The audit archive in {archive.Folder} cannot be written: {exception.Message}",
                "Make the folder writable for the Worker's user, or name another with AuditArchive:Folder.",
                inner: exception);
        }
    }

    private async Task ArchiveAsync(DutyTurn turn, CancellationToken cancellationToken)
    {
        await using var archiver = Connect();
        var before = clock.GetUtcNow() - options.Value.After;
        using var alone = archive.LockForWriting();
        while (await OldestAsync(archiver, before, cancellationToken) is { } oldest)
        {
            var from = new DateTimeOffset(oldest.Year, oldest.Month, 1, 0, 0, 0, TimeSpan.Zero);
            var to = from.AddMonths(1) < before ? from.AddMonths(1) : before;
            await ArchiveMonthAsync(archiver, from, to, turn, cancellationToken);
        }
    }

    private async Task ArchiveMonthAsync(
        NpgsqlDataSource archiver, DateTimeOffset from, DateTimeOffset to, DutyTurn turn, CancellationToken cancellationToken)
    {
        var month = archive.Month(from.ToString("yyyy-MM", CultureInfo.InvariantCulture));
        await month.CheckAsync(cancellationToken);
        foreach (var part in month.Manifest.Parts)
        {
            // What a run that was killed had archived and not deleted, or a database that was restored has again.
            if (await IsThereAsync(archiver, part.FirstId, part.LastId, cancellationToken))
            {
                await DeleteAsync(archiver, await month.ReadAsync(part, cancellationToken), isLeftOver: true, cancellationToken);
            }
        }

        if (await month.FirstLeftOverAsync(cancellationToken) is { } leftOver && !await IsThereAsync(archiver, leftOver.Id, leftOver.Id, cancellationToken))
        {
            throw month.Forgotten();
        }

        while (await LinesAsync(archiver, from, to, cancellationToken) is { Count: > 0 } lines)
        {
            var part = await month.AppendAsync(lines, clock.GetUtcNow(), await HeadAsync(cancellationToken), cancellationToken);
            await RequireWrittenSoAsync(lines, cancellationToken);
            await RequireSameAsync(archiver, lines, cancellationToken);
            await turn.RequireAsync(cancellationToken);
            await month.CommitAsync(part, cancellationToken);
            await DeleteAsync(archiver, lines, isLeftOver: false, cancellationToken);
            turn.Count("rows", lines.Count);
            turn.Count("parts", 1);
        }
    }

    private NpgsqlDataSource Connect()
    {
        var source = new NpgsqlDataSourceBuilder(configuration.GetConnectionString("archiver"));
        source.ConnectionStringBuilder.Timezone = "UTC"; // in which row_to_json writes times
        source.ConnectionStringBuilder.Pooling = false; // once a day
        return source.Build();
    }

    private static async Task<bool> IsThereAsync(NpgsqlDataSource archiver, long firstId, long lastId, CancellationToken cancellationToken)
    {
        await using var command = archiver.CreateCommand("SELECT EXISTS (SELECT FROM audit_log WHERE id BETWEEN $1 AND $2)");
        command.Parameters.AddWithValue(firstId);
        command.Parameters.AddWithValue(lastId);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<DateTime?> OldestAsync(NpgsqlDataSource archiver, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var command = archiver.CreateCommand(Oldest);
        command.Parameters.AddWithValue(Beginning);
        command.Parameters.AddWithValue(before);
        return await command.ExecuteScalarAsync(cancellationToken) as DateTime?;
    }

    private async Task<List<string>> LinesAsync(NpgsqlDataSource archiver, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        await using var command = archiver.CreateCommand(Lines);
        command.Parameters.AddWithValue(from);
        command.Parameters.AddWithValue(to);
        command.Parameters.AddWithValue(options.Value.PartRows);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var lines = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            lines.Add(reader.GetString(0));
        }

        return lines;
    }

    private async Task<string> HeadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT number || ':' || encode(hash, 'hex') FROM audit_seals ORDER BY number DESC LIMIT 1");
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    // A row that was altered, or that nobody wrote, is evidence: it stays where it is until somebody has looked.
    private async Task RequireWrittenSoAsync(IReadOnlyList<string> lines, CancellationToken cancellationToken)
    {
        var rows = lines.Select(ArchiveLine.Read).ToDictionary(row => row.Id, row => row.Digest());
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var last = await LastBeforeTheChainAsync(connection, cancellationToken);
        var left = rows.Keys.Count(id => id > last);
        await foreach (var batch in BatchesAsync(connection, rows.Keys.Min(), cancellationToken))
        {
            for (var index = 0; index < batch.Count; index++)
            {
                if (!rows.Remove(batch.RowId(index), out var digest))
                {
                    continue;
                }

                left--;
                if (!batch.RowDigest(index).Span.SequenceEqual(digest))
                {
                    throw NotAsWritten(batch.RowId(index));
                }
            }

            if (left == 0)
            {
                break; // those that follow are of later rows
            }
        }

        if (rows.Keys.Where(id => id > last).Order().Cast<long?>().FirstOrDefault() is { } added)
        {
            throw NotAsWritten(added);
        }
    }

    // A row's batch ends with that row or with a later one.
    private static async IAsyncEnumerable<AuditBatch> BatchesAsync(
        NpgsqlConnection connection, long first,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT {AuditBatch.Columns} FROM audit_batches WHERE last_id >= $1 ORDER BY last_id", connection)
        {
            CommandTimeout = 0,
            Parameters = { new() { Value = first } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return AuditBatch.Read(reader);
        }
    }

    // Seal 0 begins with the id of the last row from before the chain.
    private static async Task<long> LastBeforeTheChainAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT substring(entries FOR 8) FROM audit_seals WHERE number = 0", connection);
        return await command.ExecuteScalarAsync(cancellationToken) is byte[] id ? System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(id) : 0;
    }

    private static async Task RequireSameAsync(NpgsqlDataSource archiver, List<string> lines, CancellationToken cancellationToken)
    {
        await using var command = archiver.CreateCommand($"SELECT count(*) FROM audit_log, unnest($1) AS line WHERE {Same}");
        command.Parameters.AddWithValue(lines);
        if ((long)(await command.ExecuteScalarAsync(cancellationToken))! != lines.Count)
        {
            throw new Fault(FaultCode.Conflict, "What was read back from the archive is not what the database holds. Nothing was deleted.");
        }
    }

    private static async Task DeleteAsync(NpgsqlDataSource archiver, List<string> lines, bool isLeftOver, CancellationToken cancellationToken)
    {
        await using var connection = await archiver.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var delete = new NpgsqlCommand($"DELETE FROM audit_log USING unnest($1) AS line WHERE {Same}", connection);
        delete.Parameters.AddWithValue(lines);
        var deleted = await delete.ExecuteNonQueryAsync(cancellationToken);
        await using var left = new NpgsqlCommand("SELECT count(*) FROM audit_log JOIN unnest($1) AS line ON audit_log.id = (line::json->>'id')::bigint", connection);
        left.Parameters.AddWithValue(lines);
        if ((long)(await left.ExecuteScalarAsync(cancellationToken))! > 0 || (!isLeftOver && deleted != lines.Count))
        {
            throw new Fault(
                FaultCode.Conflict, "Rows that were archived have changed in the database since. Nothing was deleted.", "`admin audit verify` tells which.");
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static Fault NotAsWritten(long id) => new(
        FaultCode.Conflict, $"Row {id} of the audit log is not as it was written, so nothing is archived.", "`admin audit verify` tells more.");
}
