using System.Buffers.Binary;
using System.Security.Cryptography;
using Npgsql;

namespace WaMcp.Domain.Audit;

/// <summary>One write of audit rows, as <c>audit_batches</c> keeps it: the digest of each row, and a hash over everything.</summary>
public sealed record AuditBatch
{
    /// <summary>The columns, in the order in which <see cref="Read"/> wants them.</summary>
    public const string Columns = "id, nonce, writer, closing, written_at, first_id, last_id, count, entries, hash";

    /// <summary>Bytes of one row's entry: its id and its digest.</summary>
    public const int EntryLength = sizeof(long) + AuditRow.DigestLength;

    private const byte FormVersion = 1;

    /// <summary>Given by Postgres.</summary>
    public required long Id { get; init; }

    /// <summary>Given by the writer, so that what is written again is known.</summary>
    public required Guid Nonce { get; init; }

    /// <summary>The queue that it came through; null for rows in the transaction of what they tell about.</summary>
    public required Guid? Writer { get; init; }

    /// <summary>Whether it is the writer's last.</summary>
    public required bool Closing { get; init; }

    /// <summary>When, as <see cref="AuditRow.Ts"/> counts, by the clock of Postgres.</summary>
    public required long WrittenAt { get; init; }

    /// <summary>The first row; null when there is none.</summary>
    public required long? FirstId { get; init; }

    /// <summary>The last row; null when there is none.</summary>
    public required long? LastId { get; init; }

    /// <summary>How many rows.</summary>
    public required int Count { get; init; }

    /// <summary>For each row, in the order of ids: its id (8 bytes) and its digest (32).</summary>
    public required byte[] Entries { get; init; }

    /// <summary>As it is stored.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>What a batch says of itself before its rows have ids; Postgres hashes it with the time and the entries.</summary>
    internal static byte[] Header(Guid nonce, Guid? writer, bool closing, int count) =>
        new CanonicalForm().Begin(FormVersion).Put(nonce).Put(writer).Put(closing).Put((long)count).Bytes.ToArray();

    /// <summary>The batch that a reader over <see cref="Columns"/> stands on.</summary>
    public static AuditBatch Read(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetInt64(0),
        Nonce = reader.GetGuid(1),
        Writer = reader.IsDBNull(2) ? null : reader.GetGuid(2),
        Closing = reader.GetBoolean(3),
        WrittenAt = reader.GetFieldValue<long>(4),
        FirstId = reader.IsDBNull(5) ? null : reader.GetInt64(5),
        LastId = reader.IsDBNull(6) ? null : reader.GetInt64(6),
        Count = reader.GetInt32(7),
        Entries = reader.GetFieldValue<byte[]>(8),
        Hash = reader.GetFieldValue<byte[]>(9),
    };

    /// <summary>Whether everything in it fits together: the hash over its content, and what it says of its entries.</summary>
    public bool IsSound() =>
        Entries.Length == (long)Count * EntryLength
        && FirstId == (Count == 0 ? null : RowId(0))
        && LastId == (Count == 0 ? null : RowId(Count - 1))
        && Hash.AsSpan().SequenceEqual(ComputeHash());

    /// <summary>The id of a row of it.</summary>
    public long RowId(int index) => BinaryPrimitives.ReadInt64BigEndian(Entries.AsSpan(index * EntryLength));

    /// <summary>The digest of a row of it.</summary>
    public ReadOnlyMemory<byte> RowDigest(int index) => Entries.AsMemory((index * EntryLength) + sizeof(long), AuditRow.DigestLength);

    private byte[] ComputeHash()
    {
        Span<byte> writtenAt = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(writtenAt, WrittenAt);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Header(Nonce, Writer, Closing, Count));
        hash.AppendData(writtenAt);
        hash.AppendData(Entries);
        return hash.GetHashAndReset();
    }
}
