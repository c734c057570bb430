using WaMcp.Domain;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>The file that stands above a message.</summary>
/// <param name="Kind">As what.</param>
/// <param name="Input">Which.</param>
internal sealed record HeaderFile(MediaKind Kind, MediaInput Input)
{
    /// <summary>The one that is given; null when none is.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>: there are several.</exception>
    public static HeaderFile? Of(MediaInput? image, MediaInput? video, MediaInput? document)
    {
        HeaderFile?[] given =
        [
            image is null ? null : new HeaderFile(MediaKind.Image, image),
            video is null ? null : new HeaderFile(MediaKind.Video, video),
            document is null ? null : new HeaderFile(MediaKind.Document, document),
        ];
        var files = given.OfType<HeaderFile>().ToList();
        return files.Count <= 1 ? files.FirstOrDefault() : throw Fault.Invalid("header", "give only one of image, video and document.");
    }

    public Task<MediaObjectId> ResolveAsync<TInput>(ToolCall<TInput> call, CancellationToken cancellationToken)
        where TInput : SendInput =>
        call.Get<ResolveMedia>().ExecuteAsync(
            $"header.{MediaContent.Word(Kind)}", Input, Kind, fileName: null, call.Input.DryRun, cancellationToken);
}
