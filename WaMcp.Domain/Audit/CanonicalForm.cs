using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace WaMcp.Domain.Audit;

/// <summary>
/// Values as one byte sequence that can be read in one way only: each as its length (four bytes, -1 for none) and its bytes, numbers in
/// network order.
/// </summary>
internal sealed class CanonicalForm
{
    private const int None = -1;

    private readonly ArrayBufferWriter<byte> bytes = new(1_024);

    /// <summary>What was put so far.</summary>
    public ReadOnlySpan<byte> Bytes => bytes.WrittenSpan;

    /// <summary>SHA-256 over what was put so far.</summary>
    public byte[] Digest() => SHA256.HashData(bytes.WrittenSpan);

    /// <summary>Begins a new sequence of this version.</summary>
    public CanonicalForm Begin(byte version)
    {
        bytes.ResetWrittenCount();
        bytes.Write([version]);
        return this;
    }

    public CanonicalForm Put(bool value) => Put([value ? (byte)1 : (byte)0]);

    public CanonicalForm Put(long value)
    {
        Span<byte> wire = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(wire, value);
        return Put(wire);
    }

    /// <summary>By its bits: also what is no number has an exact form.</summary>
    public CanonicalForm Put(double? value) => value is { } number ? Put(BitConverter.DoubleToInt64Bits(number)) : PutNone();

    public CanonicalForm Put(Guid? value)
    {
        if (value is not { } id)
        {
            return PutNone();
        }

        Span<byte> wire = stackalloc byte[16];
        id.TryWriteBytes(wire, bigEndian: true, out _);
        return Put(wire);
    }

    public CanonicalForm Put(string? value)
    {
        if (value is null)
        {
            return PutNone();
        }

        PutLength(Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, bytes);
        return this;
    }

    public CanonicalForm Put(ReadOnlySpan<byte> value)
    {
        PutLength(value.Length);
        bytes.Write(value);
        return this;
    }

    private CanonicalForm PutNone()
    {
        PutLength(None);
        return this;
    }

    private void PutLength(int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes.GetSpan(sizeof(int)), length);
        bytes.Advance(sizeof(int));
    }
}
