using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Templates;

/// <summary>Our copies of what providers have of templates.</summary>
/// <param name="context">The database; templates belong to accounts, not to clients.</param>
/// <param name="clock">How old a copy is.</param>
public sealed class TemplateBook(WaMcpDbContext context, TimeProvider clock)
{
    /// <summary>The copy of an account's templates; null when there never was one.</summary>
    public async Task<TemplateShelf?> ReadAsync(string account, CancellationToken cancellationToken)
    {
        var list = await context.TemplateLists.AsNoTracking().SingleOrDefaultAsync(row => row.AccountId == account, cancellationToken);
        if (list?.FetchedAt is not { } fetched)
        {
            return null;
        }

        var isFresh = clock.GetUtcNow() - fetched < TemplateList.FreshFor && list.ChangedAt is null;
        var templates = await context.MessageTemplates.AsNoTracking().Where(row => row.AccountId == account).ToListAsync(cancellationToken);
        return new TemplateShelf(
            [.. templates.OrderBy(template => template.Name, StringComparer.Ordinal).ThenBy(template => template.Language, StringComparer.Ordinal)],
            fetched,
            isFresh);
    }

    /// <summary>When the provider told of a change that no copy has yet; as this says it, it can be compared with itself only, not with anybody's clock.</summary>
    public Task<DateTimeOffset?> ChangedAsync(string account, CancellationToken cancellationToken) =>
        context.TemplateLists.Where(row => row.AccountId == account).Select(row => row.ChangedAt).SingleOrDefaultAsync(cancellationToken);

    /// <summary>Puts a new copy in the place of the old one.</summary>
    /// <param name="account">The provider's account.</param>
    /// <param name="templates">All it has.</param>
    /// <param name="asOf">When the provider was asked.</param>
    /// <param name="seen">What <see cref="ChangedAsync"/> said before it was asked: a change told since then makes the copy stale at once.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task ReplaceAsync(
        string account, IReadOnlyList<MessageTemplate> templates, DateTimeOffset asOf, DateTimeOffset? seen, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var isNewer = await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO template_lists AS list (account_id, fetched_at) VALUES ({account}, {asOf})
            ON CONFLICT (account_id) DO UPDATE SET fetched_at = excluded.fetched_at,
                changed_at = CASE WHEN list.changed_at IS DISTINCT FROM {seen}::timestamptz THEN list.changed_at END
            WHERE list.fetched_at IS NULL OR list.fetched_at < excluded.fetched_at
            """,
            cancellationToken) == 1;
        if (isNewer)
        {
            await context.MessageTemplates.Where(row => row.AccountId == account).ExecuteDeleteAsync(cancellationToken);
            context.MessageTemplates.AddRange(templates);
            await context.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>The provider told that something changed: the next use asks again.</summary>
    /// <param name="channels">The channels whose word this is; of their accounts only.</param>
    /// <param name="accounts">The accounts.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task MarkChangedAsync(
        IReadOnlyCollection<ChannelId> channels, IReadOnlyCollection<string> accounts, CancellationToken cancellationToken)
    {
        var (ids, now) = (channels.Select(channel => channel.Value).ToArray(), clock.GetUtcNow());
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO template_lists (account_id, changed_at)
            SELECT DISTINCT account_id, {now} FROM channels WHERE id = ANY({ids}) AND account_id = ANY({accounts.ToArray()})
            ON CONFLICT (account_id) DO UPDATE SET changed_at = excluded.changed_at
            """,
            cancellationToken);
    }
}
