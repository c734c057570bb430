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
/// <param name="store">Keeps the content.</param>
/// <param name="fetch">Fetches addresses.</param>
/// <param name="turns">Says when.</param>
/// <param name="options">How much a call may carry itself, and a client keep.</param>
/// <param name="clock">Stamps it.</param>
public sealed class AcceptMedia(
    WaMcpDbContext context, TenantContext tenant, IMediaStore store, FetchMedia fetch, FetchTurns turns,
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
            return keep ? await KeepAsync(file, type, fileName, cancellationToken) : New(file, type, fileName);
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

    // The row first, marked as given up, so that a content without a row never is: whoever is stopped in between leaves what DeleteMedia takes away.
    private async Task<MediaObject> KeepAsync(StagedFile file, string type, string? fileName, CancellationToken cancellationToken)
    {
        while (true)
        {
            var known = await ReserveAsync(file, type, fileName, cancellationToken);
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            await LockAsync(context, tenant.ClientId, file.Sha256, cancellationToken);
            var (id, now) = (known.Id, clock.GetUtcNow());
            var isThere = await context.MediaObjects.Where(candidate => candidate.Id == id).ExecuteUpdateAsync(
                set => set.SetProperty(candidate => candidate.AcceptedAt, now).SetProperty(candidate => candidate.DeletedAt, (DateTimeOffset?)null),
                cancellationToken) == 1;
            if (isThere) // else it was taken away between the two
            {
                await store.KeepAsync(tenant.ClientId, file, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                (known.AcceptedAt, known.DeletedAt) = (now, null);
                return known;
            }
        }
    }

    // One at a time of each client: together they must not take more room than there is.
    private async Task<MediaObject> ReserveAsync(StagedFile file, string type, string? fileName, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"SELECT pg_advisory_xact_lock(hashtextextended({$"wamcp media of {tenant.ClientId}"}, 0))", cancellationToken);
        var known = await context.MediaObjects.AsNoTracking().SingleOrDefaultAsync(
            candidate => candidate.Sha256 == file.Sha256 && candidate.MimeType == type, cancellationToken);
        if (known is not null)
        {
            return known;
        }

        var used = await context.MediaObjects.SumAsync(candidate => candidate.Size, cancellationToken);
        if (used + file.Size > options.Value.MaxBytesPerClient)
        {
            throw new Fault(
                FaultCode.MediaQuota,
                $"The file has {file.Size} bytes, and of the {MediaLimits.Write(options.Value.MaxBytesPerClient)} that your files here may take, {used} bytes are used.",
                "Send files that are stored here by their mediaId, or wait until older messages are past your retention period; the operator can give more room.");
        }

        var reserved = New(file, type, fileName);
        (reserved.AcceptedAt, reserved.DeletedAt) = (reserved.CreatedAt, reserved.CreatedAt);
        context.MediaObjects.Add(reserved);
        await context.SaveChangesAsync(cancellationToken);
        context.Entry(reserved).State = EntityState.Detached;
        await transaction.CommitAsync(cancellationToken);
        return reserved;
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

    private async Task<MediaObject> ReuseAsync(MediaSource.Kept source, MediaRequest request, bool keep, CancellationToken cancellationToken)
    {
        var kept = await context.MediaObjects.SingleOrDefaultAsync(candidate => candidate.Id == source.Id && candidate.DeletedAt == null, cancellationToken)
            ?? throw Fault.NotFound("media", source.Id.ToString(), "Media is kept for as long as your messages are; pass the file again.");
        var head = request.Kind == MediaKind.Sticker ? await HeadAsync(kept, cancellationToken) : [];
        Require("mediaId", request, kept.MimeType, kept.Size, head);
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

    /// <summary>Of those who keep or delete one content, one at a time: row and file change together.</summary>
    internal static Task LockAsync(WaMcpDbContext context, ClientId client, string sha256, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"wamcp media {client} {sha256}"}, 0))", cancellationToken);
}
