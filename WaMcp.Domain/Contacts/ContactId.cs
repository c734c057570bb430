using WaMcp.Domain.Data;

namespace WaMcp.Domain.Contacts;

/// <summary>Names one <see cref="Contact"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct ContactId(Guid Value) : ITypedId<ContactId>
{
    /// <inheritdoc/>
    public static string Prefix => "con";

    /// <inheritdoc/>
    public static ContactId From(Guid value) => new(value);

    /// <summary>The text form, <c>con_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
