using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Server.Tools;

/// <summary>A file that a tool's input names, and that nobody has fetched or kept yet.</summary>
/// <param name="Field">The input's name, for errors; null when its members are the tool's own.</param>
/// <param name="Input">Which.</param>
/// <param name="Kind">As what it is to be shown.</param>
/// <param name="FileName">What it is called.</param>
/// <param name="Voice">Whether as a voice note.</param>
internal sealed record FileArgument(string? Field, MediaInput Input, MediaKind Kind, string? FileName, bool Voice = false)
{
    /// <summary>The one that stands above a message; null when none is given.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>: there are several.</exception>
    public static FileArgument? OfHeader(MediaInput? image, MediaInput? video, MediaInput? document, string? fileName = null, string field = "header")
    {
        FileArgument?[] given = [Of(image, MediaKind.Image), Of(video, MediaKind.Video), Of(document, MediaKind.Document)];
        var files = given.OfType<FileArgument>().ToList();
        return files.Count <= 1 ? files.FirstOrDefault() : throw Fault.Invalid(field, "give only one of image, video and document.");

        FileArgument? Of(MediaInput? input, MediaKind kind) => input is null ? null : new($"{field}.{MediaContent.Word(kind)}", input, kind, fileName);
    }

    /// <summary>Takes the file.</summary>
    /// <param name="accept">Takes it.</param>
    /// <param name="over">The channels whose files the caller may have.</param>
    /// <param name="dryRun">It is only judged.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault">As <see cref="AcceptMedia"/>, with the input's name for the field.</exception>
    public async Task<MediaObjectId> ResolveAsync(
        AcceptMedia accept, IReadOnlyCollection<ChannelId> over, bool dryRun, CancellationToken cancellationToken)
    {
        try
        {
            var request = new MediaRequest(Input.Source(over), Kind, Input.MimeType, FileName, Voice);
            return (await accept.ExecuteAsync(request, keep: !dryRun, cancellationToken)).Id;
        }
        catch (Fault fault) when (Field is not null && fault is { Code: var code, Field: { } member } && code == FaultCode.InvalidInput)
        {
            throw new Fault(code, $"{Field}.{fault.PublicText}", fault.NextAction, $"{Field}.{member}", inner: fault);
        }
    }
}
