using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>Gives media objects of the scope's client up, and deletes their content.</summary>
/// <remarks>
/// In this order: the object is marked, which is durable before anything is gone; then its content is deleted; then its row. Whoever is stopped
/// in between leaves a marked row, and the next run goes on from there. What is accepted again meanwhile is kept again and loses the mark.
/// </remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="store">Has the content.</param>
/// <param name="clock">Stamps the mark.</param>
public sealed class DropMedia(WaMcpDbContext context, TenantContext tenant, IMediaStore store, TimeProvider clock)
{
    private const int BatchRows = 1_000;

    /// <summary>Marks what was last accepted before a time and what no message needs.</summary>
    /// <returns>How many.</returns>
    public async Task<int> MarkUnusedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var client = tenant.ClientId.Value;
        var old = await context.Database
            .SqlQuery<Guid>(
                $"""
                SELECT id AS "Value" FROM media_objects WHERE client_id = {client} AND accepted_at < {before} AND deleted_at IS NULL
                """)
            .ToListAsync(cancellationToken);
        var marked = 0;
        foreach (var batch in old.Chunk(BatchRows))
        {
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            marked += await MarkAsync(batch, before, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return marked;
    }

    /// <summary>Marks those of some objects that no message needs any more, in the caller's transaction.</summary>
    /// <returns>How many.</returns>
    public Task<int> MarkAsync(Guid[] objects, CancellationToken cancellationToken) => MarkAsync(objects, DateTimeOffset.MaxValue, cancellationToken);

    /// <summary>Deletes everything that is marked.</summary>
    /// <returns>How many objects.</returns>
    public async Task<int> DeleteMarkedAsync(CancellationToken cancellationToken)
    {
        var marked = await context.MediaObjects.AsNoTracking().Where(candidate => candidate.DeletedAt != null).ToListAsync(cancellationToken);
        var deleted = 0;
        foreach (var each in marked)
        {
            deleted += await DeleteAsync(each, cancellationToken) ? 1 : 0;
        }

        return deleted;
    }

    private async Task<bool> DeleteAsync(MediaObject marked, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await AcceptMedia.LockAsync(context, tenant.ClientId, marked.Sha256, cancellationToken);
        var isLast = !await context.MediaObjects.AnyAsync(
            candidate => candidate.Sha256 == marked.Sha256 && candidate.Id != marked.Id, cancellationToken);
        if (!await context.MediaObjects.AnyAsync(candidate => candidate.Id == marked.Id && candidate.DeletedAt != null, cancellationToken))
        {
            return false; // accepted again
        }

        if (isLast)
        {
            await store.DeleteAsync(tenant.ClientId, marked.Sha256, cancellationToken);
        }

        await context.MediaObjects.Where(candidate => candidate.Id == marked.Id).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    // Locked first and looked at then: a message that takes one at this moment holds it until it is there to be seen.
    private async Task<int> MarkAsync(Guid[] objects, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var client = tenant.ClientId.Value;
        await context.Database.ExecuteSqlAsync(
            $"SELECT FROM media_objects WHERE client_id = {client} AND id = ANY ({objects}) ORDER BY id FOR UPDATE", cancellationToken);
        return await context.Database.ExecuteSqlAsync(
            $"""
            UPDATE media_objects SET deleted_at = {clock.GetUtcNow()}
            WHERE client_id = {client} AND id = ANY ({objects}) AND accepted_at < {before} AND deleted_at IS NULL AND NOT EXISTS (
                SELECT FROM messages WHERE messages.client_id = media_objects.client_id
                    AND media_ids @> ARRAY[media_objects.id] AND media_ids <> ARRAY[]::uuid[])
            """,
            cancellationToken);
    }
}
