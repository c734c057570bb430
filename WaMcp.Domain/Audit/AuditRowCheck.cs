using System.Runtime.CompilerServices;
using Npgsql;

namespace WaMcp.Domain.Audit;

/// <summary>The second half of a verification: one sweep over rows and batches in the order of ids. In memory are the batches that are open just then.</summary>
/// <param name="connection">With a snapshot of its own.</param>
/// <param name="findings">What is wrong.</param>
/// <param name="progress">Told from time to time.</param>
internal sealed class AuditRowCheck(NpgsqlConnection connection, AuditFindings findings, IProgress<AuditProgress>? progress)
{
    private const string NoPageBeginsBefore =
        "SELECT (SELECT count(*) FROM audit_log WHERE id = $1) + (SELECT count(*) FROM audit_batches WHERE id = $1)";

    private const int PageOfRows = 5_000;
    private const int PageOfBatches = 200;
    private const int ProgressEvery = 50_000;

    // What batches say, by row id. Those of several writers lie in between each other.
    private readonly PriorityQueue<Entry, long> expected = new();
    private (long Id, Entry Entry)? last;
    private long? lastBeforeChain;

    public long Rows { get; private set; }

    public long RowsBeforeChain { get; private set; }

    public required (long LastId, long Count) BeforeChain { get; init; }

    public async Task ExecuteAsync(long fromBatch, Func<long, IAsyncEnumerable<AuditRow>>? archived, CancellationToken cancellationToken)
    {
        var firstId = fromBatch == VerifyAudit.Everything ? long.MinValue : await FirstIdAsync(fromBatch, cancellationToken);
        var about = await LastIdAsync(cancellationToken) - Math.Max(firstId, 1) + 1;
        await using var batches = BatchesAsync(firstId, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var hasBatch = await batches.MoveNextAsync();
        await foreach (var row in Merged(RowsAsync(firstId, cancellationToken), archived?.Invoke(firstId), firstId, cancellationToken))
        {
            while (hasBatch && batches.Current.FirstId <= row.Id)
            {
                Open(batches.Current, firstId);
                hasBatch = await batches.MoveNextAsync();
            }

            Check(row);
            if ((Rows + RowsBeforeChain) % ProgressEvery == 0)
            {
                progress?.Report(new(Rows + RowsBeforeChain, about));
            }
        }

        for (; hasBatch; hasBatch = await batches.MoveNextAsync())
        {
            Open(batches.Current, firstId);
            Missing(batches.Current.FirstId!.Value);
        }

        Missing(long.MaxValue);
        if (fromBatch == VerifyAudit.Everything && await NumberAsync(NoPageBeginsBefore, [long.MinValue], cancellationToken) > 0)
        {
            findings.Add("row_added", $"There is a row or a batch {long.MinValue}, which none of ours is.");
        }

        if (fromBatch == VerifyAudit.Everything && RowsBeforeChain != BeforeChain.Count)
        {
            findings.Add(
                RowsBeforeChain > BeforeChain.Count ? "row_added" : "row_missing",
                $"There are {RowsBeforeChain} rows from before the chain, and there were {BeforeChain.Count}.");
        }
    }

    private void Open(AuditBatch batch, long firstId)
    {
        for (var index = 0; index < batch.Entries.Length / AuditBatch.EntryLength; index++)
        {
            if (batch.RowId(index) >= firstId)
            {
                expected.Enqueue(new(batch.RowDigest(index), batch.Id), batch.RowId(index));
            }
        }
    }

    private void Check(AuditRow row)
    {
        Missing(row.Id);
        if (expected.TryPeek(out var entry, out var id) && id == row.Id)
        {
            expected.Dequeue();
            last = (row.Id, entry);
            Rows++;
            Compare(row, entry);
        }
        else if (last is { } again && again.Id == row.Id)
        {
            Compare(row, again.Entry); // archived, and not deleted yet
        }
        else if (row.Id <= BeforeChain.LastId)
        {
            RowsBeforeChain += row.Id == lastBeforeChain ? 0 : 1; // archived, and not deleted yet
            lastBeforeChain = row.Id;
        }
        else
        {
            Rows++;
            findings.Add("row_added", $"Row {row.Id} is in no batch.");
        }
    }

    private void Compare(AuditRow row, Entry entry)
    {
        var found = row.Digest();
        if (!entry.Digest.Span.SequenceEqual(found))
        {
            findings.AddAltered(row.Id, entry.Batch, entry.Digest, found);
        }
    }

    // What the batches name before this id, and nobody has shown.
    private void Missing(long before)
    {
        while (expected.TryPeek(out var entry, out var id) && id < before)
        {
            expected.Dequeue();
            findings.Add("row_missing", $"Row {id} of batch {entry.Batch} is gone.");
        }
    }

    private IAsyncEnumerable<AuditRow> RowsAsync(long firstId, CancellationToken cancellationToken) => Pages.ReadAsync(
        connection,
        $"SELECT {AuditRow.Columns} FROM audit_log WHERE id >= {firstId} AND id > $1 ORDER BY id LIMIT {PageOfRows}",
        [Math.Max(firstId, long.MinValue + 1) - 1],
        AuditRow.Read,
        row => [row.Id],
        cancellationToken);

    private async IAsyncEnumerable<AuditBatch> BatchesAsync(long firstId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var from = firstId == long.MinValue ? firstId : await NumberAsync(
            "SELECT coalesce(min(first_id), 9223372036854775807) FROM (SELECT first_id FROM audit_batches WHERE last_id >= $1 OFFSET 0) AS late", [firstId], cancellationToken);
        var batches = Pages.ReadAsync(
            connection,
            $"""
            SELECT {AuditBatch.Columns} FROM audit_batches WHERE first_id >= {from} AND (first_id, id) > ($1, $2) AND last_id >= {firstId}
            ORDER BY first_id, id LIMIT {PageOfBatches}
            """,
            [from, long.MinValue],
            AuditBatch.Read,
            batch => [batch.FirstId!.Value, batch.Id],
            cancellationToken);
        await foreach (var batch in batches)
        {
            yield return batch;
        }
    }

    private static async IAsyncEnumerable<AuditRow> Merged(
        IAsyncEnumerable<AuditRow> stored, IAsyncEnumerable<AuditRow>? archived, long firstId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var archive = (archived ?? AsyncEnumerable.Empty<AuditRow>()).GetAsyncEnumerator(cancellationToken);
        var hasArchived = await archive.MoveNextAsync();
        await foreach (var row in stored)
        {
            for (; hasArchived && archive.Current.Id <= row.Id; hasArchived = await archive.MoveNextAsync())
            {
                if (archive.Current.Id >= firstId)
                {
                    yield return archive.Current;
                }
            }

            yield return row;
        }

        for (; hasArchived; hasArchived = await archive.MoveNextAsync())
        {
            if (archive.Current.Id >= firstId)
            {
                yield return archive.Current;
            }
        }
    }

    // From the first row of those batches on; when they have none, from behind all that batches name.
    private Task<long> FirstIdAsync(long fromBatch, CancellationToken cancellationToken) => NumberAsync(
        "SELECT coalesce((SELECT min(first_id) FROM (SELECT first_id FROM audit_batches WHERE id >= $1 OFFSET 0) AS late), (SELECT max(last_id) + 1 FROM audit_batches), 1)",
        [fromBatch],
        cancellationToken);

    private Task<long> LastIdAsync(CancellationToken cancellationToken) =>
        NumberAsync("SELECT coalesce(max(id), 0) FROM audit_log", [], cancellationToken);

    private async Task<long> NumberAsync(string sql, object[] parameters, CancellationToken cancellationToken) =>
        (await Pages.ReadAsync(connection, sql, parameters, reader => reader.GetInt64(0), cancellationToken)).Single();

    private readonly record struct Entry(ReadOnlyMemory<byte> Digest, long Batch);
}
