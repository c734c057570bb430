using WaMcp.Domain.Data;

namespace WaMcp.Domain.Access;

/// <summary>Names one <see cref="ApiKey"/>; not a secret.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct ApiKeyId(Guid Value) : ITypedId<ApiKeyId>
{
    /// <inheritdoc/>
    public static string Prefix => "key";

    /// <inheritdoc/>
    public static ApiKeyId From(Guid value) => new(value);

    /// <summary>The text form, <c>key_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
