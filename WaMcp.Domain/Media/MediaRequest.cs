using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Media;

/// <summary>A file that a caller wants to send.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Kind">As what it is to be sent.</param>
/// <param name="MimeType">What the caller says it is; counts only between types that the content leaves open.</param>
/// <param name="FileName">What it is called.</param>
/// <param name="Voice">Whether it is to be a voice note.</param>
public sealed record MediaRequest(MediaSource Source, MediaKind Kind, string? MimeType = null, string? FileName = null, bool Voice = false)
{
    /// <summary>What it must be.</summary>
    internal MediaLimits Limits => Voice ? MediaLimits.Voice : MediaLimits.Of(Kind);

    /// <summary>The same in words.</summary>
    internal string Word => Voice ? "a voice note" : MediaContent.Word(Kind);
}
