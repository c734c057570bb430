using System.Text.Json.Serialization;
using WaMcp.Domain.Media;

namespace WaMcp.Domain.Messages;

/// <summary>What stands above an interactive message: words, or a file.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Text), "text")]
[JsonDerivedType(typeof(File), "file")]
public abstract record InteractiveHeader
{
    private InteractiveHeader()
    {
    }

    /// <summary>Words.</summary>
    /// <param name="Words">What they say.</param>
    public sealed record Text(string Words) : InteractiveHeader;

    /// <summary>An image, a video or a document.</summary>
    /// <param name="MediaKind">As what it is shown.</param>
    /// <param name="Object">The file.</param>
    /// <param name="FileName">What a document is called.</param>
    public sealed record File(MediaKind MediaKind, MediaObjectId Object, string? FileName = null) : InteractiveHeader;
}
