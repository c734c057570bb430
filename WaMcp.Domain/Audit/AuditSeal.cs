using System.Buffers.Binary;
using System.Security.Cryptography;
using Npgsql;

namespace WaMcp.Domain.Audit;

/// <summary>One link of the chain over the batches.</summary>
public sealed record AuditSeal
{
    /// <summary>The columns, in the order in which <see cref="Read"/> wants them.</summary>
    public const string Columns = "number, sealed_at, batches, entries, previous, hash";

    /// <summary>Bytes of one batch's entry: its id and its hash.</summary>
    public const int EntryLength = sizeof(long) + HashLength;

    /// <summary>Bytes of a hash.</summary>
    public const int HashLength = 32;

    private const byte FormVersion = 1;

    /// <summary>Without a gap, from 0 on.</summary>
    public required long Number { get; init; }

    /// <summary>When, as <see cref="AuditRow.Ts"/> counts, by the clock of Postgres.</summary>
    public required long SealedAt { get; init; }

    /// <summary>How many batches.</summary>
    public required int Batches { get; init; }

    /// <summary>For each batch its id (8 bytes) and its hash (32); in seal 0 the last id and the count (8 each) of the rows from before the chain.</summary>
    public required byte[] Entries { get; init; }

    /// <summary>The hash of the seal before.</summary>
    public required byte[] Previous { get; init; }

    /// <summary>As it is stored.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The seal as it is kept elsewhere.</summary>
    public AuditHead Head => new(Number, Convert.ToHexStringLower(Hash));

    /// <summary>The seal that a reader over <see cref="Columns"/> stands on.</summary>
    public static AuditSeal Read(NpgsqlDataReader reader) => new()
    {
        Number = reader.GetInt64(0),
        SealedAt = reader.GetFieldValue<long>(1),
        Batches = reader.GetInt32(2),
        Entries = reader.GetFieldValue<byte[]>(3),
        Previous = reader.GetFieldValue<byte[]>(4),
        Hash = reader.GetFieldValue<byte[]>(5),
    };

    /// <summary>Whether everything in it fits together.</summary>
    public bool IsSound() =>
        Entries.Length == (Number == 0 ? 2 * sizeof(long) : (long)Batches * EntryLength) && Hash.AsSpan().SequenceEqual(ComputeHash());

    /// <summary>The id of a batch of it.</summary>
    public long BatchId(int index) => BinaryPrimitives.ReadInt64BigEndian(Entries.AsSpan(index * EntryLength));

    /// <summary>The hash of a batch of it.</summary>
    public ReadOnlyMemory<byte> BatchHash(int index) => Entries.AsMemory((index * EntryLength) + sizeof(long), HashLength);

    /// <summary>Of seal 0: the last id and the number of the rows that were there before the chain.</summary>
    public (long LastId, long Count) Before() =>
        (BinaryPrimitives.ReadInt64BigEndian(Entries), BinaryPrimitives.ReadInt64BigEndian(Entries.AsSpan(sizeof(long))));

    private byte[] ComputeHash()
    {
        Span<byte> header = stackalloc byte[1 + sizeof(long) + sizeof(long)];
        header[0] = FormVersion;
        BinaryPrimitives.WriteInt64BigEndian(header[1..], Number);
        BinaryPrimitives.WriteInt64BigEndian(header[(1 + sizeof(long))..], SealedAt);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header);
        hash.AppendData(Previous);
        hash.AppendData(Entries);
        return hash.GetHashAndReset();
    }
}
