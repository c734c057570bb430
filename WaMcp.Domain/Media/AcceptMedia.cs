using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>Takes a file for sending: fetched, measured and judged by its content before anybody says that a message is accepted.</summary>
/// <remarks>Whatever is refused leaves no row and no file, and what breaks off a row that is marked as given up. The object belongs to the scope's client; another client's is not found.</remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="store">Has the content.</param>
/// <param name="keepMedia">Keeps it.</param>
/// <param name="find">Finds what is here already.</param>
/// <param name="fetch">Fetches addresses.</param>
/// <param name="turns">Says when.</param>
/// <param name="options">How much a call may carry itself.</param>
/// <param name="clock">Stamps it.</param>
public sealed class AcceptMedia(
    WaMcpDbContext context, TenantContext tenant, IMediaStore store, KeepMedia keepMedia, FindMedia find, FetchMedia fetch, FetchTurns turns,
    IOptions<MediaOptions> options, TimeProvider clock)
{
    private const int MaxFileName = 240;

    /// <summary>Accepts it.</summary>
    /// <param name="request">What.</param>
    /// <param name="keep">False: it is only judged; what comes back is stored nowhere.</param>
    /// <param name="cancellationToken">Stops, and leaves nothing behind.</param>
    /// <exception cref="Fault">
    /// <c>invalid_input</c> with the limit that it breaks; <c>not_found</c>; <c>media_quota</c>; <c>rate_limited</c>; <c>unavailable</c>.
    /// </exception>
    public async Task<MediaObject> ExecuteAsync(MediaRequest request, bool keep, CancellationToken cancellationToken)
    {
        var (source, fileName) = (request.Source, request.FileName);
        if (fileName is { } name && (name.Length is 0 or > MaxFileName || name.Any(char.IsControl) || name.Contains('/', StringComparison.Ordinal)))
        {
            throw Fault.Invalid("fileName", $"must be 1 to {MaxFileName} characters, without a path.");
        }

        if (source is MediaSource.Kept kept)
        {
            return await ReuseAsync(kept, request, keep, cancellationToken);
        }

        var (file, said) = source switch
        {
            MediaSource.Inline inline => (await StageAsync(inline, request, cancellationToken), null),
            MediaSource.Address address => await turns.RunAsync(
                tenant.ClientId,
                () => fetch.ExecuteAsync(address.Url, store.StagingFolder, request.Limits.MaxBytes, cancellationToken),
                cancellationToken),
            _ => throw new NotSupportedException(),
        };
        await using (file)
        {
            if (file.Size == 0)
            {
                throw Fault.Invalid(Field(source), "the file is empty.");
            }

            var judged = MediaType.Judge(file.Head, request.MimeType ?? said, fileName ?? LastName(source));
            var type = Require(Field(source), request, judged, file.Size, file.Head);
            return keep ? await keepMedia.ExecuteAsync(file, type, fileName, isUploaded: true, cancellationToken) : keepMedia.New(file, type, fileName, isUploaded: true);
        }
    }

    private async Task<StagedFile> StageAsync(MediaSource.Inline inline, MediaRequest request, CancellationToken cancellationToken)
    {
        var most = options.Value.MaxInlineBytes;
        if (inline.Base64.Length / 4 * 3L > most + 2)
        {
            throw TooLarge();
        }

        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(inline.Base64);
        }
        catch (FormatException)
        {
            throw Fault.Invalid("data", "is not base64.", "Use the standard alphabet with padding, and no data: prefix.");
        }

        if (bytes.Length > most)
        {
            throw TooLarge();
        }

        var limit = request.Limits.MaxBytes;
        return await StagedFile.WriteAsync(store.StagingFolder, new MemoryStream(bytes), limit, cancellationToken) ?? throw TooLargeFor("data", request, bytes.Length);

        Fault TooLarge() => Fault.Invalid(
            "data", $"a call carries files of at most {MediaLimits.Write(most)}.", "Pass an https address as url instead.");
    }

    private async Task<MediaObject> ReuseAsync(MediaSource.Kept source, MediaRequest request, bool keep, CancellationToken cancellationToken)
    {
        // What somebody else sent belongs to the channels that it came over; what the client gave here itself is its own everywhere.
        var kept = await find.FileAsync(source.Id, cancellationToken);
        kept = kept is { Uploaded: true } || (kept is not null && await find.ExecuteAsync(source.Id, source.Over, cancellationToken) is { Carrier: not null })
            ? kept
            : throw Fault.NotFound("media", source.Id.ToString(), "Media is kept for as long as your messages are; pass the file again.");
        var head = request.Kind == MediaKind.Sticker ? await HeadAsync(kept, cancellationToken) : [];
        Require("mediaId", request, kept.MimeType, kept.Size, head);
        if (keep)
        {
            var now = clock.GetUtcNow();
            await context.MediaObjects.Where(candidate => candidate.Id == kept.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(candidate => candidate.AcceptedAt, now), cancellationToken);
        }

        return kept;
    }

    private async Task<byte[]> HeadAsync(MediaObject kept, CancellationToken cancellationToken)
    {
        await using var content = await store.OpenAsync(tenant.ClientId, kept.Sha256, cancellationToken)
            ?? throw Fault.NotFound("media", kept.Id.ToString(), "Pass the file again.");
        var head = new byte[MediaType.HeadBytes];
        var length = await content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        return head[..length];
    }

    private static string Require(string field, MediaRequest request, string? type, long size, byte[] head)
    {
        var (limits, word) = (request.Limits, request.Word);
        if (type is null || !limits.Types.Contains(type))
        {
            throw Fault.Invalid(
                field,
                type is null ? $"the file's content is of no type that can be sent as {word}." : $"the file is {type} by its content, which cannot be sent as {word}.",
                $"As {word}: {string.Join(", ", limits.Types)}.");
        }

        if (size > limits.MaxBytes)
        {
            throw TooLargeFor(field, request, size);
        }

        return request.Kind == MediaKind.Sticker && size > MediaLimits.StillSticker && !MediaType.IsAnimated(head)
            ? throw Fault.Invalid(field, $"a sticker that does not move has at most {MediaLimits.Write(MediaLimits.StillSticker)}; this has {size} bytes.")
            : type;
    }

    private static Fault TooLargeFor(string field, MediaRequest request, long size) => Fault.Invalid(
        field, $"the file has {size} bytes; as {request.Word} at most {MediaLimits.Write(request.Limits.MaxBytes)} can be sent.");

    private static string Field(MediaSource source) => source is MediaSource.Address ? "url" : "data";

    private static string? LastName(MediaSource source) =>
        source is MediaSource.Address { Url: var url } && Uri.TryCreate(url, UriKind.Absolute, out var address) ? Path.GetFileName(address.LocalPath) : null;
}
