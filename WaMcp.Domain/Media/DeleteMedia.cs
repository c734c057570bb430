using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>Deletes media objects of the scope's client that were given up.</summary>
/// <remarks>
/// In this order: the object is marked, which is durable before anything is gone; then its content is deleted; then its row. Whoever is stopped
/// in between leaves a marked row, and the next run goes on from there. What is accepted again meanwhile is kept again and loses the mark.
/// </remarks>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="store">Has the content.</param>
public sealed class DeleteMedia(WaMcpDbContext context, TenantContext tenant, IMediaStore store)
{
    /// <summary>Deletes everything that is marked.</summary>
    /// <returns>How many objects.</returns>
    public async Task<int> ExecuteAsync(CancellationToken cancellationToken)
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
        await KeepMedia.LockAsync(context, tenant.ClientId, marked.Sha256, cancellationToken);
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
}
