using System.Text.Json.Serialization;
using WaMcp.Domain.Media;

namespace WaMcp.Domain.Messages;

/// <summary>A file (https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media).</summary>
/// <param name="MediaKind">As what it is shown.</param>
/// <param name="Object">The file.</param>
/// <param name="Caption">Words under an image, a video or a document.</param>
/// <param name="FileName">What a document is called.</param>
/// <param name="Voice">Whether audio is a voice note.</param>
public sealed record MediaContent(
    MediaKind MediaKind, MediaObjectId Object, string? Caption = null, string? FileName = null, bool Voice = false) : MessageContent
{
    /// <summary>Characters of a caption.</summary>
    public const int MaxCaption = 1024;

    /// <summary>Characters of a file name.</summary>
    public const int MaxFileName = 240;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => Word(MediaKind);

    /// <inheritdoc/>
    [JsonIgnore]
    public override string? Body => Caption ?? FileName;

    /// <inheritdoc/>
    [JsonIgnore]
    public override IEnumerable<MediaObjectId> Media => [Object];

    /// <inheritdoc/>
    public override MessageContent With(IReadOnlyList<MediaObjectId> files) => this with { Object = files[0] };

    /// <inheritdoc/>
    public override void Check()
    {
        if (Caption is not null && MediaKind is MediaKind.Audio or MediaKind.Sticker)
        {
            throw Fault.Invalid("caption", $"cannot go with {Kind}; images, videos and documents have captions.", "Send the words as a message of their own.");
        }

        if (FileName is not null && MediaKind != MediaKind.Document)
        {
            throw Fault.Invalid("fileName", $"cannot go with {Kind}; only documents have a name.");
        }

        if (Voice && MediaKind != MediaKind.Audio)
        {
            throw Fault.Invalid("voice", $"cannot go with {Kind}; only audio can be a voice note.");
        }

        ContentLimit.Optional("caption", Caption, MaxCaption);
        ContentLimit.Optional("fileName", FileName, MaxFileName);
    }

    /// <summary>The word for a kind of media, in callers' and providers' documents.</summary>
    public static string Word(MediaKind kind) => kind switch
    {
        MediaKind.Image => "image",
        MediaKind.Video => "video",
        MediaKind.Audio => "audio",
        MediaKind.Document => "document",
        _ => "sticker",
    };
}
