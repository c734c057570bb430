using Npgsql;

namespace WaMcp.Domain.Audit;

/// <summary>The first half of a verification: seals, batches, and that each batch has its seal.</summary>
/// <param name="connection">With a snapshot of its own.</param>
/// <param name="findings">What is wrong.</param>
/// <param name="fromBatch">Batches before this one are not looked at.</param>
internal sealed class AuditChainCheck(NpgsqlConnection connection, AuditFindings findings, long fromBatch)
{
    private const int Page = 200;

    private static readonly byte[] BeforeTheFirst = new byte[AuditSeal.HashLength];

    private const int PageOfIds = 10_000;

    private readonly IdRanges known = new();

    public long Seals { get; private set; }

    public long Batches { get; private set; }

    public long Unsealed { get; private set; }

    public AuditHead? Head { get; private set; }

    /// <summary>The last id and the number of the rows from before the chain.</summary>
    public (long LastId, long Count) BeforeChain { get; private set; }

    /// <param name="heads">Kept outside of the database.</param>
    /// <param name="fromSeal">Seals before this one are not looked at.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ExecuteAsync(IReadOnlyList<AuditHead> heads, long fromSeal, CancellationToken cancellationToken)
    {
        await CheckSealsAsync(heads, fromSeal, cancellationToken);
        foreach (var head in heads.Where(head => head.Number > (Head?.Number ?? -1)))
        {
            findings.Add("tail_missing", $"There was a seal {head.Number}, and the chain ends at {Head?.Number.ToString(null, null) ?? "nothing"}: its tail was cut off.");
        }

        var waiting = await Pages.ReadAsync(
            connection, "SELECT batch_id FROM audit_unsealed WHERE batch_id >= $1 ORDER BY 1", [fromBatch], reader => reader.GetInt64(0), cancellationToken);
        foreach (var ids in waiting.Chunk(Page))
        {
            await CheckBatchesAsync([.. ids.Select(id => new Sealed(id, null, 0))], cancellationToken);
        }

        Unsealed = waiting.Count;
        var stored = Pages.ReadAsync(
            connection,
            $"SELECT id FROM audit_batches WHERE id >= {fromBatch} AND id > $1 ORDER BY id LIMIT {PageOfIds}",
            [long.MinValue],
            reader => reader.GetInt64(0),
            id => [id],
            cancellationToken);
        await foreach (var id in stored)
        {
            if (!known.Contains(id))
            {
                findings.Add("batch_added", $"Batch {id} is in no seal, and nobody intends to seal it.");
            }
        }
    }

    private async Task CheckSealsAsync(IReadOnlyList<AuditHead> heads, long fromSeal, CancellationToken cancellationToken)
    {
        var named = new List<Sealed>(Page);
        var (next, previous) = (fromSeal, fromSeal == 0 ? BeforeTheFirst : null);
        var seals = Pages.ReadAsync(
            connection,
            $"SELECT {AuditSeal.Columns} FROM audit_seals WHERE number > $1 ORDER BY number LIMIT {Page}",
            [fromSeal - 1],
            AuditSeal.Read,
            seal => [seal.Number],
            cancellationToken);
        await foreach (var seal in seals)
        {
            CheckSeal(seal, next, previous, heads);
            (next, previous) = (seal.Number + 1, seal.Hash);
            for (var index = 0; seal.Number > 0 && index < seal.Entries.Length / AuditSeal.EntryLength; index++)
            {
                if (seal.BatchId(index) >= fromBatch)
                {
                    named.Add(new(seal.BatchId(index), seal.BatchHash(index), seal.Number));
                }

                if (named.Count == Page)
                {
                    await CheckBatchesAsync(named, cancellationToken);
                    named.Clear();
                }
            }
        }

        await CheckBatchesAsync(named, cancellationToken);
        if (Head is null)
        {
            findings.Add("seal_missing", "There is no seal at all, not even the first.");
        }
    }

    private void CheckSeal(AuditSeal seal, long number, byte[]? previous, IReadOnlyList<AuditHead> heads)
    {
        Seals++;
        Head = seal.Head;
        if (seal.Number != number)
        {
            findings.Add("seal_missing", $"Seal {number} is gone.");
        }
        else if (previous is not null && !seal.Previous.AsSpan().SequenceEqual(previous))
        {
            findings.Add("seal_altered", $"Seal {number} does not follow the one before it.");
        }

        if (!seal.IsSound())
        {
            findings.Add("seal_altered", $"Seal {seal.Number} was altered.");
        }
        else if (seal.Number == 0)
        {
            BeforeChain = seal.Before();
        }

        foreach (var head in heads.Where(head => head.Number == seal.Number && head != seal.Head))
        {
            findings.Add("chain_rewritten", $"Seal {seal.Number} had another hash when its head was noted: the chain was written anew.");
        }
    }

    private async Task CheckBatchesAsync(IReadOnlyList<Sealed> named, CancellationToken cancellationToken)
    {
        var stored = (await Pages.ReadAsync(
            connection, $"SELECT {AuditBatch.Columns} FROM audit_batches WHERE id = ANY ($1)", [named.Select(each => each.Id).ToArray()], AuditBatch.Read, cancellationToken))
            .ToDictionary(batch => batch.Id);
        Batches += named.Count;
        foreach (var (id, hash, seal) in named)
        {
            known.Add(id);
            if (!stored.TryGetValue(id, out var batch))
            {
                findings.Add("batch_missing", hash is null ? $"Batch {id} is gone." : $"Batch {id} of seal {seal} is gone.");
            }
            else if (!batch.IsSound() || (hash is { } expected && !expected.Span.SequenceEqual(batch.Hash)))
            {
                findings.Add("batch_altered", $"Batch {id} was altered.");
            }
        }
    }

    private readonly record struct Sealed(long Id, ReadOnlyMemory<byte>? Hash, long Seal);
}
