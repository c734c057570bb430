using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;
using WaMcp.Domain.Duties;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Media;

/// <summary>Gives media objects of the scope's client up: from then on nothing can be sent with them, and <see cref="DeleteMedia"/> takes them away.</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="clock">Stamps the mark.</param>
public sealed class MarkMedia(WaMcpDbContext context, TenantContext tenant, TimeProvider clock)
{
    // Contacts bring runs about with what they take back: they must not keep one after the other going.
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

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

    /// <summary>The same, and has the Worker take them away as soon as the caller's transaction is committed rather than with the day's run.</summary>
    /// <returns>How many.</returns>
    public async Task<int> MarkForNowAsync(Guid[] objects, CancellationToken cancellationToken)
    {
        var marked = objects.Length == 0 ? 0 : await MarkAsync(objects, cancellationToken);
        if (marked > 0)
        {
            var ended = await context.Duties.Where(duty => duty.Name == Duty.PruneMessages).Select(duty => duty.EndedAt).SingleOrDefaultAsync(cancellationToken);
            var due = clock.GetUtcNow();
            due = ended is { } last && last + Pause > due ? last + Pause : due;
            await context.Duties.Where(duty => duty.Name == Duty.PruneMessages && duty.DueAt > due)
                .ExecuteUpdateAsync(change => change.SetProperty(duty => duty.DueAt, due), cancellationToken);
        }

        return marked;
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
            WHERE client_id = {client} AND id = ANY ({objects}) AND accepted_at < {before} AND deleted_at IS NULL
                AND id <> ALL (ARRAY(SELECT media_in_use({objects})))
            """,
            cancellationToken);
    }
}
