using WaMcp.Domain.Data;

namespace WaMcp.Domain.Tenancy;

/// <summary>Names one <see cref="Client"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct ClientId(Guid Value) : ITypedId<ClientId>
{
    /// <inheritdoc/>
    public static string Prefix => "cli";

    /// <inheritdoc/>
    public static ClientId From(Guid value) => new(value);

    /// <summary>The text form, <c>cli_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
