using WaMcp.Domain.Data;

namespace WaMcp.Domain.Endpoints;

/// <summary>Names one <see cref="Endpoint"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct EndpointId(Guid Value) : ITypedId<EndpointId>
{
    /// <inheritdoc/>
    public static string Prefix => "end";

    /// <inheritdoc/>
    public static EndpointId From(Guid value) => new(value);

    /// <summary>The text form, <c>end_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
