using WaMcp.Domain.Data;

namespace WaMcp.Domain.Messages;

/// <summary>Names one <see cref="Message"/>. Made in the order of time, so it is also the cursor that pages of messages use.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct MessageId(Guid Value) : ITypedId<MessageId>, IComparable<MessageId>
{
    /// <inheritdoc/>
    public static string Prefix => "msg";

    /// <summary>Made before; in memory and, because the operator is translated, in the database.</summary>
    public static bool operator <(MessageId left, MessageId right) => left.CompareTo(right) < 0;

    /// <summary>Made after.</summary>
    public static bool operator >(MessageId left, MessageId right) => left.CompareTo(right) > 0;

    /// <summary>Not made after.</summary>
    public static bool operator <=(MessageId left, MessageId right) => left.CompareTo(right) <= 0;

    /// <summary>Not made before.</summary>
    public static bool operator >=(MessageId left, MessageId right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public static MessageId From(Guid value) => new(value);

    /// <inheritdoc/>
    public int CompareTo(MessageId other) => Value.CompareTo(other.Value);

    /// <summary>The text form, <c>msg_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
