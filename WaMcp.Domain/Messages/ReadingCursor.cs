using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace WaMcp.Domain.Messages;

/// <summary>
/// How far somebody has read: the snapshot that they saw. What is new is what it did not hold, so a message that commits late is new whatever its
/// id is, and nothing is ever held back for a transaction that takes long.
/// </summary>
/// <remarks>It holds numbers of transactions and no secret: whoever makes one up reads another part of their own messages.</remarks>
/// <param name="Scope">A mark of what was read: another channel or conversation has other messages that this reader never saw.</param>
/// <param name="Cluster">A mark of the database whose numbers these are.</param>
/// <param name="Seen">What had been read before.</param>
/// <param name="Reading">Where in what was new then, when it did not fit on a page.</param>
public sealed record ReadingCursor(uint Scope, uint Cluster, TransactionSnapshot Seen, ReadingCursor.Place? Reading = null)
{
    private const string Prefix = "cur_";
    private const byte Version = 2;
    private const int MaxText = 8_192;

    /// <summary>A place in what is new.</summary>
    /// <param name="Until">The snapshot of the first page: what came after it comes after this.</param>
    /// <param name="Transaction">Of the last message that was read.</param>
    /// <param name="Message">That message.</param>
    public sealed record Place(TransactionSnapshot Until, ulong Transaction, MessageId Message);

    /// <summary>Reads what <see cref="ToString"/> wrote; false for everything else.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ReadingCursor? cursor)
    {
        cursor = null;
        if (text.Length > MaxText || !text.StartsWith(Prefix, StringComparison.Ordinal) || !Base64Url.IsValid(text.AsSpan(Prefix.Length)))
        {
            return false;
        }

        try
        {
            var reader = new Reader(Base64Url.DecodeFromChars(text.AsSpan(Prefix.Length)));
            if (reader.Number() != Version)
            {
                return false;
            }

            var (scope, cluster) = (reader.Mark(), reader.Mark());
            if (reader.Snapshot() is not { } seen)
            {
                return false;
            }

            cursor = reader.IsAtEnd ? new ReadingCursor(scope, cluster, seen)
                : reader.Snapshot() is { } until ? new ReadingCursor(scope, cluster, seen, new Place(until, reader.Number(), new MessageId(reader.Id()))) : null;
            return cursor is not null && reader.IsAtEnd;
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
        {
            cursor = null;
            return false;
        }
    }

    /// <summary>The text form, <c>cur_…</c>.</summary>
    public override string ToString()
    {
        var bytes = new List<byte> { Version };
        Write(bytes, Scope);
        Write(bytes, Cluster);
        Write(bytes, Seen);
        if (Reading is { } place)
        {
            Write(bytes, place.Until);
            Write(bytes, place.Transaction);
            bytes.AddRange(place.Message.Value.ToByteArray(bigEndian: true));
        }

        return Prefix + Base64Url.EncodeToString([.. bytes]);
    }

    private static void Write(List<byte> bytes, TransactionSnapshot snapshot)
    {
        Write(bytes, snapshot.Lowest);
        Write(bytes, snapshot.Next - snapshot.Lowest);
        Write(bytes, (ulong)snapshot.Running.Count);
        var before = snapshot.Lowest;
        foreach (var running in snapshot.Running)
        {
            Write(bytes, running - before);
            before = running;
        }
    }

    // Seven bits a byte, the lowest first.
    private static void Write(List<byte> bytes, ulong number)
    {
        for (; number > 127; number >>= 7)
        {
            bytes.Add((byte)(number | 128));
        }

        bytes.Add((byte)number);
    }

    private sealed class Reader(byte[] bytes)
    {
        // What Postgres takes for a transaction's number.
        private const ulong Largest = long.MaxValue;
        private int at;

        public bool IsAtEnd => at == bytes.Length;

        public ulong Number()
        {
            ulong number = 0;
            for (var shift = 0; shift < 63; shift += 7)
            {
                var next = Next();
                number |= (ulong)(next & 127) << shift;
                if (next < 128)
                {
                    return number;
                }
            }

            throw new FormatException();
        }

        public uint Mark() => checked((uint)Number());

        public Guid Id()
        {
            var id = bytes.AsSpan(at, 16);
            at += 16;
            return new Guid(id, bigEndian: true);
        }

        /// <summary>Null for one that Postgres would not take.</summary>
        public TransactionSnapshot? Snapshot()
        {
            var lowest = Number();
            var next = checked(lowest + Number());
            var running = new ulong[checked((int)Math.Min(Number(), MaxText))];
            var before = lowest;
            for (var i = 0; i < running.Length; i++)
            {
                var step = Number();
                if (i > 0 && step == 0)
                {
                    return null;
                }

                running[i] = before = checked(before + step);
            }

            return IsTransaction(lowest) && IsTransaction(next) && (running.Length == 0 || before < next) ? new TransactionSnapshot(lowest, next, running) : null;
        }

        // The lower half counts round and round and is never zero.
        private static bool IsTransaction(ulong number) => number <= Largest && (uint)number != 0;

        private byte Next() => at < bytes.Length ? bytes[at++] : throw new FormatException();
    }
}
