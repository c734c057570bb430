using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Access;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Keys;

/// <summary>Reads keys with the names of whose they are.</summary>
internal static class KeyRows
{
    /// <summary>All keys, or one client's; by client, then as they were minted.</summary>
    public static async Task<KeyRow[]> ReadAsync(Invocation run, ClientId? of, CancellationToken cancellationToken) =>
        [.. (await QueryAsync(run, key => of == null || key.ClientId == of, cancellationToken)).Select(each => each.Row)];

    /// <summary>Keys that are neither revoked nor at their end, with the pepper they depend on.</summary>
    public static Task<IReadOnlyList<(string PepperId, KeyRow Row)>> ReadLivingAsync(Invocation run, CancellationToken cancellationToken)
    {
        var now = run.Get<TimeProvider>().GetUtcNow();
        return QueryAsync(run, key => key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > now), cancellationToken);
    }

    /// <summary>The key that was just changed.</summary>
    public static async Task<KeyRow> OfAsync(Invocation run, ApiKey key, CancellationToken cancellationToken)
    {
        var client = await run.Get<WaMcpDbContext>().Clients.FindAsync([key.ClientId], cancellationToken);
        return KeyRow.Of(key, client!.Slug, run.Get<TimeProvider>().GetUtcNow());
    }

    private static async Task<IReadOnlyList<(string PepperId, KeyRow Row)>> QueryAsync(
        Invocation run, Expression<Func<ApiKey, bool>> which, CancellationToken cancellationToken)
    {
        var context = run.Get<WaMcpDbContext>();
        var query =
            from key in context.ApiKeys.AsNoTracking().Where(which)
            join client in context.Clients on key.ClientId equals client.Id
            orderby client.Slug, key.CreatedAt, key.Id
            select new { Key = key, Client = client.Slug };
        var now = run.Get<TimeProvider>().GetUtcNow();
        return [.. (await query.ToListAsync(cancellationToken)).Select(row => (row.Key.PepperId, KeyRow.Of(row.Key, row.Client, now)))];
    }
}
