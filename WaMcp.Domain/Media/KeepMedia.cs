using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>Makes a staged file an object of the scope's client.</summary>
/// <remarks>
/// The row first, marked as given up, so that a content without a row never is: whoever is stopped in between leaves what <see cref="DeleteMedia"/>
/// takes away. Row and content then change together, under a lock of that content.
/// </remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="store">Keeps the content.</param>
/// <param name="options">How much a client may keep.</param>
/// <param name="clock">Stamps it.</param>
public sealed class KeepMedia(WaMcpDbContext context, TenantContext tenant, IMediaStore store, IOptions<MediaOptions> options, TimeProvider clock)
{
    /// <summary>Keeps it; the same content under the same type again is the same object.</summary>
    /// <param name="file">What.</param>
    /// <param name="type">Its type.</param>
    /// <param name="fileName">What the client calls it.</param>
    /// <param name="isUploaded">Whether the client itself gave it here.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault"><c>media_quota</c>; <c>unavailable</c>.</exception>
    public async Task<MediaObject> ExecuteAsync(StagedFile file, string type, string? fileName, bool isUploaded, CancellationToken cancellationToken)
    {
        while (true)
        {
            var known = await ReserveAsync(file, type, fileName, isUploaded, cancellationToken);
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            await LockAsync(context, tenant.ClientId, file.Sha256, cancellationToken);
            var (id, now) = (known.Id, clock.GetUtcNow());
            var isThere = await context.MediaObjects.Where(candidate => candidate.Id == id).ExecuteUpdateAsync(
                set => set.SetProperty(candidate => candidate.AcceptedAt, now).SetProperty(candidate => candidate.DeletedAt, (DateTimeOffset?)null)
                    .SetProperty(candidate => candidate.Uploaded, candidate => candidate.Uploaded || isUploaded)
                    .SetProperty(candidate => candidate.FileName, candidate => candidate.FileName ?? fileName),
                cancellationToken) == 1;
            if (isThere) // else it was taken away between the two
            {
                await store.KeepAsync(tenant.ClientId, file, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                (known.AcceptedAt, known.DeletedAt, known.Uploaded) = (now, null, known.Uploaded || isUploaded);
                return known;
            }
        }
    }

    // One at a time of each client: together they must not take more room than there is.
    private async Task<MediaObject> ReserveAsync(
        StagedFile file, string type, string? fileName, bool isUploaded, CancellationToken cancellationToken)
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

        // Whatever strangers send, a quarter is left for what the client itself sends.
        var most = isUploaded ? options.Value.MaxBytesPerClient : options.Value.MaxBytesPerClient / 4 * 3;
        var used = await context.MediaObjects.SumAsync(candidate => candidate.Size, cancellationToken);
        if (used + file.Size > most)
        {
            throw new Fault(
                FaultCode.MediaQuota,
                $"The file has {file.Size} bytes, and of the {MediaLimits.Write(most)} that your files here may take, {used} bytes are used.",
                "Send files that are stored here by their mediaId, or wait until older messages are past your retention period; the operator can give more room.");
        }

        var reserved = New(file, type, fileName, isUploaded);
        (reserved.AcceptedAt, reserved.DeletedAt) = (reserved.CreatedAt, reserved.CreatedAt);
        context.MediaObjects.Add(reserved);
        await context.SaveChangesAsync(cancellationToken);
        context.Entry(reserved).State = EntityState.Detached;
        await transaction.CommitAsync(cancellationToken);
        return reserved;
    }

    /// <summary>The object that it would become.</summary>
    internal MediaObject New(StagedFile file, string type, string? fileName, bool isUploaded) => new()
    {
        Id = TypedId.New<MediaObjectId>(),
        ClientId = tenant.ClientId,
        Sha256 = file.Sha256,
        MimeType = type,
        Size = file.Size,
        FileName = fileName,
        Uploaded = isUploaded,
        CreatedAt = clock.GetUtcNow(),
    };

    /// <summary>Of those who keep or delete one content, one at a time: row and file change together.</summary>
    internal static Task LockAsync(WaMcpDbContext context, ClientId client, string sha256, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"wamcp media {client} {sha256}"}, 0))", cancellationToken);
}
