using WaMcp.Domain.Data;

namespace WaMcp.Domain.Access;

/// <summary>Names one <see cref="Grant"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct GrantId(Guid Value) : ITypedId<GrantId>
{
    /// <inheritdoc/>
    public static string Prefix => "grt";

    /// <inheritdoc/>
    public static GrantId From(Guid value) => new(value);

    /// <summary>The text form, <c>grt_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
