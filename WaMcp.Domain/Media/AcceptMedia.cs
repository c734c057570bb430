using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>Takes a file for sending: fetched, measured and judged by its content before anybody says that a message is accepted.</summary>
/// <remarks>Whatever is refused leaves no row and no file. The object belongs to the scope's client; another client's is not found.</remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="store">Keeps the content.</param>
/// <param name="fetch">Fetches addresses.</param>
/// <param name="options">How much a call may carry itself.</param>
/// <param name="clock">Stamps it.</param>
public sealed class AcceptMedia(
    WaMcpDbContext context, TenantContext tenant, IMediaStore store, FetchMedia fetch, IOptions<MediaOptions> options, TimeProvider clock)
{
    /// <summary>What an object's resource address begins with.</summary>
    public const string ResourcePrefix = "wamcp://media/";

    private const int MaxFileName = 240;

    /// <summary>Accepts it.</summary>
    /// <param name="source">Where it comes from.</param>
    /// <param name="kind">As what it is to be sent.</param>
    /// <param name="mimeType">What the caller says it is; counts only between types that the content leaves open.</param>
    /// <param name="fileName">What it is called.</param>
    /// <param name="keep">False: it is only judged; what comes back is stored nowhere.</param>
    /// <param name="cancellationToken">Stops, and leaves nothing behind.</param>
    /// <exception cref="Fault"><c>invalid_input</c> with the limit that it breaks; <c>not_found</c>.</exception>
    public async Task<MediaObject> ExecuteAsync(
        MediaSource source, MediaKind kind, string? mimeType, string? fileName, bool keep, CancellationToken cancellationToken)
    {
        if (fileName is { } name && (name.Length is 0 or > MaxFileName || name.Any(char.IsControl) || name.Contains('/', StringComparison.Ordinal)))
        {
            throw Fault.Invalid("fileName", $"must be 1 to {MaxFileName} characters, without a path.");
        }

        if (source is MediaSource.Kept kept)
        {
            return await ReuseAsync(kept, kind, keep, cancellationToken);
        }

        var (file, said) = source switch
        {
            MediaSource.Inline inline => (await StageAsync(inline, kind, cancellationToken), null),
            MediaSource.Address address => await fetch.ExecuteAsync(address.Url, store.StagingFolder, MediaLimits.Of(kind).MaxBytes, cancellationToken),
            _ => throw new NotSupportedException(),
        };
        await using (file)
        {
            if (file.Size == 0)
            {
                throw Fault.Invalid(Field(source), "the file is empty.");
            }

            var judged = MediaType.Judge(file.Head, mimeType ?? said, fileName ?? LastName(source));
            var type = Require(Field(source), kind, judged, file.Size, file.Head);
            return keep ? await KeepAsync(file, type, fileName, cancellationToken) : New(file, type, fileName);
        }
    }

    private async Task<StagedFile> StageAsync(MediaSource.Inline inline, MediaKind kind, CancellationToken cancellationToken)
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

        var limit = MediaLimits.Of(kind).MaxBytes;
        return await StagedFile.WriteAsync(store.StagingFolder, new MemoryStream(bytes), limit, cancellationToken) ?? throw TooLargeFor("data", kind, bytes.Length);

        Fault TooLarge() => Fault.Invalid(
            "data", $"a call carries files of at most {MediaLimits.Write(most)}.", "Pass an https address as url instead.");
    }

    private async Task<MediaObject> KeepAsync(StagedFile file, string type, string? fileName, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await LockAsync(context, tenant.ClientId, file.Sha256, cancellationToken);
        await store.KeepAsync(tenant.ClientId, file, cancellationToken);
        var known = await context.MediaObjects.SingleOrDefaultAsync(
            candidate => candidate.Sha256 == file.Sha256 && candidate.MimeType == type, cancellationToken);
        var now = clock.GetUtcNow();
        if (known is null)
        {
            known = New(file, type, fileName);
            context.MediaObjects.Add(known);
        }

        (known.AcceptedAt, known.DeletedAt) = (now, null);
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return known;
    }

    private MediaObject New(StagedFile file, string type, string? fileName) => new()
    {
        Id = TypedId.New<MediaObjectId>(),
        ClientId = tenant.ClientId,
        Sha256 = file.Sha256,
        MimeType = type,
        Size = file.Size,
        FileName = fileName,
        CreatedAt = clock.GetUtcNow(),
    };

    private async Task<MediaObject> ReuseAsync(MediaSource.Kept source, MediaKind kind, bool keep, CancellationToken cancellationToken)
    {
        var reference = source.Reference.StartsWith(ResourcePrefix, StringComparison.Ordinal) ? source.Reference[ResourcePrefix.Length..] : source.Reference;
        var kept = TypedId.TryParse<MediaObjectId>(reference, out var id)
            ? await context.MediaObjects.SingleOrDefaultAsync(candidate => candidate.Id == id && candidate.DeletedAt == null, cancellationToken)
            : null;
        if (kept is null)
        {
            throw Fault.NotFound("media", source.Reference, "Media is kept for as long as your messages are; pass the file again.");
        }

        var head = kind == MediaKind.Sticker ? await HeadAsync(kept, cancellationToken) : [];
        Require("mediaId", kind, kept.MimeType, kept.Size, head);
        if (keep)
        {
            kept.AcceptedAt = clock.GetUtcNow();
            await context.SaveChangesAsync(cancellationToken);
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

    private static string Require(string field, MediaKind kind, string? type, long size, byte[] head)
    {
        var limits = MediaLimits.Of(kind);
        var word = kind.ToString().ToLowerInvariant();
        if (type is null || !limits.Types.Contains(type))
        {
            throw Fault.Invalid(
                field,
                type is null ? $"the file's content is of no type that can be sent as {word}." : $"the file is {type} by its content, which cannot be sent as {word}.",
                $"As {word}: {string.Join(", ", limits.Types)}.");
        }

        if (size > limits.MaxBytes)
        {
            throw TooLargeFor(field, kind, size);
        }

        return kind == MediaKind.Sticker && size > MediaLimits.StillSticker && !MediaType.IsAnimated(head)
            ? throw Fault.Invalid(field, $"a sticker that does not move has at most {MediaLimits.Write(MediaLimits.StillSticker)}; this has {size} bytes.")
            : type;
    }

    private static Fault TooLargeFor(string field, MediaKind kind, long size) => Fault.Invalid(
        field, $"the file has {size} bytes; as {kind.ToString().ToLowerInvariant()} at most {MediaLimits.Write(MediaLimits.Of(kind).MaxBytes)} can be sent.");

    private static string Field(MediaSource source) => source is MediaSource.Address ? "url" : "data";

    private static string? LastName(MediaSource source) =>
        source is MediaSource.Address { Url: var url } && Uri.TryCreate(url, UriKind.Absolute, out var address) ? Path.GetFileName(address.LocalPath) : null;

    /// <summary>Of those who keep or delete one content, one at a time: row and file change together.</summary>
    internal static Task LockAsync(WaMcpDbContext context, ClientId client, string sha256, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"wamcp media {client} {sha256}"}, 0))", cancellationToken);
}
