using WaMcp.Domain.Data;

namespace WaMcp.Domain.Media;

/// <summary>Names one media object: a file that a client keeps here, to send or because somebody sent it.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct MediaObjectId(Guid Value) : ITypedId<MediaObjectId>
{
    /// <inheritdoc/>
    public static string Prefix => "med";

    /// <inheritdoc/>
    public static MediaObjectId From(Guid value) => new(value);

    /// <summary>The text form, <c>med_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
