using System.ComponentModel;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Media;

namespace WaMcp.Server.Tools;

/// <summary>A file that a message carries.</summary>
[Description("A file: exactly one of url, data, resource and mediaId.")]
internal sealed record MediaInput(
    [property: Description("An https address that everybody on the internet can fetch; the file is fetched now, not linked.")] string? Url = null,
    [property: Description("The file itself as base64; at most 5 MB unless the operator set another limit.")] string? Data = null,
    [property: Description("The resource address of a file that is stored here (wamcp://media/med_…).")] string? Resource = null,
    [property: Description("The id of a file that is stored here (med_…).")] string? MediaId = null,
    [property: Description("Its MIME type; needed only where the content leaves it open, as for Office documents.")] string? MimeType = null)
{
    public const string ResourcePrefix = "wamcp://media/";

    /// <summary>Where it comes from.</summary>
    /// <param name="over">The channels whose files the caller may have.</param>
    /// <exception cref="Fault"><c>invalid_input</c>: from nowhere, from several places, or from what cannot be a place.</exception>
    public MediaSource Source(IReadOnlyCollection<ChannelId> over)
    {
        MediaSource?[] given =
        [
            Url is null ? null : new MediaSource.Address(Url),
            Data is null ? null : new MediaSource.Inline(Data),
            Resource is null ? null : new MediaSource.Kept(Id("resource", Resource.StartsWith(ResourcePrefix, StringComparison.Ordinal) ? Resource[ResourcePrefix.Length..] : ""), over),
            MediaId is null ? null : new MediaSource.Kept(Id("mediaId", MediaId), over),
        ];
        return given.OfType<MediaSource>().ToList() is [var only]
            ? only
            : throw Fault.Invalid("url", "give exactly one of url, data, resource and mediaId.");
    }

    private static MediaObjectId Id(string field, string text) => TypedId.TryParse<MediaObjectId>(text, out var id)
        ? id
        : throw Fault.Invalid(field, "names no file.", $"The send tools, and the mediaIds of messages, give ids that begin with med_; as a resource such a file is {ResourcePrefix}med_….");
}
