using WaMcp.Domain.Data;

namespace WaMcp.Domain.Media;

/// <summary>Names one <see cref="MediaUpload"/>.</summary>
/// <param name="Value">The id as the database keeps it.</param>
public readonly record struct MediaUploadId(Guid Value) : ITypedId<MediaUploadId>
{
    /// <inheritdoc/>
    public static string Prefix => "upl";

    /// <inheritdoc/>
    public static MediaUploadId From(Guid value) => new(value);

    /// <summary>The text form, <c>upl_…</c>.</summary>
    public override string ToString() => TypedId.Format(this);
}
