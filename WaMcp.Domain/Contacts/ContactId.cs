using WaMcp.Domain.Data;

namespace WaMcp.Domain.Contacts;

/// <summary>Names one <see cref="Contact"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct ContactId(Guid Value) : ITypedId<ContactId>, IComparable<ContactId>
{
    /// <inheritdoc/>
    public static string Prefix => "con";

    /// <summary>Made before; in memory and, because the operator is translated, in the database.</summary>
    public static bool operator <(ContactId left, ContactId right) => left.CompareTo(right) < 0;

    /// <summary>Made after.</summary>
    public static bool operator >(ContactId left, ContactId right) => left.CompareTo(right) > 0;

    /// <summary>Not made after.</summary>
    public static bool operator <=(ContactId left, ContactId right) => left.CompareTo(right) <= 0;

    /// <summary>Not made before.</summary>
    public static bool operator >=(ContactId left, ContactId right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public static ContactId From(Guid value) => new(value);

    /// <inheritdoc/>
    public int CompareTo(ContactId other) => Value.CompareTo(other.Value);

    /// <summary>The text form, <c>con_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
