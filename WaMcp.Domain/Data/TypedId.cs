using System.Diagnostics.CodeAnalysis;

namespace WaMcp.Domain.Data;

/// <summary>An id whose type says what it names: <c>msg_01j…</c> outside, a UUIDv7 inside.</summary>
/// <typeparam name="TSelf">The id type itself.</typeparam>
public interface ITypedId<TSelf>
    where TSelf : struct, ITypedId<TSelf>
{
    /// <summary>What stands before the underscore, for example <c>msg</c>.</summary>
    static abstract string Prefix { get; }

    /// <summary>The id as the database keeps it.</summary>
    Guid Value { get; }

    /// <summary>Wraps a stored value.</summary>
    static abstract TSelf From(Guid value);
}

/// <summary>Text form of typed ids, after the TypeID specification (https://github.com/jetify-com/typeid): prefix, underscore, 26 characters.</summary>
public static class TypedId
{
    private const int TextLength = 26;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>A new id; ids made later sort later, as text and in the database.</summary>
    public static TId New<TId>()
        where TId : struct, ITypedId<TId> => TId.From(Guid.CreateVersion7());

    /// <summary>The text that people and agents see.</summary>
    public static string Format<TId>(TId id)
        where TId : struct, ITypedId<TId>
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        var value = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
        Span<char> text = stackalloc char[TextLength];
        for (var i = TextLength - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(value & 31)];
            value >>= 5;
        }

        return $"{TId.Prefix}_{text}";
    }

    /// <summary>Reads the text form; false for anything else, whatever its length or characters.</summary>
    public static bool TryParse<TId>([NotNullWhen(true)] string? text, out TId id)
        where TId : struct, ITypedId<TId>
    {
        id = default;
        if (text is null || text.Length != TId.Prefix.Length + 1 + TextLength
            || !text.StartsWith(TId.Prefix, StringComparison.Ordinal) || text[TId.Prefix.Length] != '_')
        {
            return false;
        }

        var body = text.AsSpan(TId.Prefix.Length + 1);
        if (body[0] > '7')
        {
            return false; // more than 128 bits
        }

        UInt128 value = 0;
        foreach (var character in body)
        {
            var digit = Alphabet.IndexOf(character, StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            value = (value << 5) | (uint)digit;
        }

        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        id = TId.From(new Guid(bytes, bigEndian: true));
        return true;
    }
}
