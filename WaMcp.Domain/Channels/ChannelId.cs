using WaMcp.Domain.Data;

namespace WaMcp.Domain.Channels;

/// <summary>Names one <see cref="Channel"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct ChannelId(Guid Value) : ITypedId<ChannelId>
{
    /// <inheritdoc/>
    public static string Prefix => "chn";

    /// <inheritdoc/>
    public static ChannelId From(Guid value) => new(value);

    /// <summary>The text form, <c>chn_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
