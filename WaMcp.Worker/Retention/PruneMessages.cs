using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;
using WaMcp.Domain.Duties;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;
using WaMcp.Worker.Duties;

namespace WaMcp.Worker.Retention;

/// <summary>
/// Takes the content out of messages that are older than their client's period, and deletes files, raw deliveries, counters and words of orders
/// that nothing needs any more. The messages stay, with their states and times: what was sent and received still counts.
/// </summary>
/// <remarks>
/// In batches, each in a transaction of its own, so that a run that ends in the middle has done what it has done and the next goes on. What a
/// job still needs is left alone: a message that is yet to be sent, and a delivery that is not recorded for everybody it concerns, dead
/// letters included. Clients are gone through one by one, each in a scope of its own: row-level security shows no more than that.
/// </remarks>
/// <param name="services">A scope for each client.</param>
/// <param name="database">For what belongs to no client.</param>
/// <param name="store">Where files lie that were never kept.</param>
/// <param name="options">How long things are kept.</param>
/// <param name="clock">How old they are.</param>
internal sealed class PruneMessages(
    IServiceScopeFactory services, NpgsqlDataSource database, IMediaStore store, IOptions<RetentionOptions> options, TimeProvider clock) : IDuty
{
    private const int BatchRows = 1_000;

    // The caps look back 24 hours, the per-minute limit two minutes.
    private static readonly TimeSpan Counters = TimeSpan.FromDays(2);

    // No file takes that long to come.
    private static readonly TimeSpan Leftovers = TimeSpan.FromDays(1);

    private const string Messages =
        """
        WITH old AS MATERIALIZED (
            SELECT id FROM messages
            WHERE client_id = $1 AND created_at < $2 AND (body IS NOT NULL OR raw IS NOT NULL OR content IS NOT NULL)
                AND NOT EXISTS (SELECT FROM jobs WHERE jobs.subject_id = messages.id AND kind = 'Deliver' AND dead_at IS NULL)
            ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED)
        UPDATE messages SET body = NULL, raw = NULL, content = NULL, media_ids = '{}', content_removed_at = now() FROM old WHERE messages.id = old.id
        """;

    // Nobody can read any more what was emptied. What comes in meanwhile is later, and stays unread.
    private const string Unread =
        """
        UPDATE conversations SET read_until = emptied.last, shown_until = greatest(shown_until, emptied.last)
        FROM (
            SELECT known.id, (
                SELECT message.id FROM messages message
                WHERE message.client_id = $1 AND message.conversation_id = known.id AND message.heard AND message.id > known.read_until
                    AND message.content_removed_at IS NOT NULL
                ORDER BY message.id DESC LIMIT 1) AS last
            FROM conversations known WHERE known.client_id = $1 AND known.has_unread) emptied
        WHERE conversations.id = emptied.id AND conversations.read_until < emptied.last
        """;

    private const string Orders =
        """
        DELETE FROM idempotency_keys WHERE id IN (
            SELECT id FROM idempotency_keys WHERE client_id = $1 AND created_at < $2 ORDER BY created_at LIMIT $3)
        """;

    private const string Statuses =
        """
        DELETE FROM early_statuses WHERE id IN (
            SELECT id FROM early_statuses WHERE client_id = $1 AND created_at < $2 ORDER BY created_at LIMIT $3)
        """;

    private const string Deliveries =
        """
        DELETE FROM webhook_events WHERE id IN (
            SELECT id FROM webhook_events
            WHERE fanned_out_at IS NOT NULL AND received_at < $1 AND NOT EXISTS (SELECT FROM jobs WHERE jobs.subject_id = webhook_events.id)
            ORDER BY received_at LIMIT $2)
        """;

    // What was told last about a thing is how it is today, however long ago that was.
    private const string Facts =
        """
        DELETE FROM channel_facts WHERE id IN (
            SELECT id FROM channel_facts WHERE told_at < $1 AND EXISTS (
                SELECT FROM channel_facts newer
                WHERE newer.channel_id = channel_facts.channel_id AND newer.kind = channel_facts.kind AND (newer.told_at, newer.id) > (channel_facts.told_at, channel_facts.id))
            LIMIT $2)
        """;

    private const string Untold = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE kind = 'Notify' AND dead_at < $1 LIMIT $2)";

    private const string Buckets =
        """
        DELETE FROM rate_limit_buckets WHERE (subject, bucket_start) IN (
            SELECT subject, bucket_start FROM rate_limit_buckets WHERE bucket_start < $1 LIMIT $2)
        """;

    // A subject whose time is over may send as if it had never sent.
    private const string Paces = "DELETE FROM pacing WHERE subject IN (SELECT subject FROM pacing WHERE tat < $1 LIMIT $2)";

    public string Name => Duty.PruneMessages;

    public string Action => AuditAction.MessagesPruned;

    public string? Obstacle => null;

    public async Task RunOnceAsync(DutyTurn turn, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        turn.Count("messages", 0); // also when there is no client
        foreach (var client in await ClientsAsync(cancellationToken))
        {
            var period = client.RetentionDays is { } days ? TimeSpan.FromDays(days) : options.Value.Messages;
            await PruneAsync(client.Id, now - period, turn, cancellationToken);
        }

        StagedFile.DeleteLeftovers(store.StagingFolder, now - Leftovers);
        await DeleteAsync(Deliveries, now - RetentionOptions.Deliveries, "deliveries", turn, cancellationToken);
        await DeleteAsync(Facts, now - RetentionOptions.Facts, "facts", turn, cancellationToken);
        await DeleteAsync(Untold, now - RetentionOptions.Untold, "untold", turn, cancellationToken);
        await DeleteAsync(Buckets, now - Counters, "counters", turn, cancellationToken);
        await DeleteAsync(Paces, now - Leftovers, "counters", turn, cancellationToken);
    }

    private async Task<List<Client>> ClientsAsync(CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<WaMcpDbContext>().Clients.AsNoTracking().ToListAsync(cancellationToken);
    }

    private async Task PruneAsync(ClientId client, DateTimeOffset before, DutyTurn turn, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Set(client);
        var context = scope.ServiceProvider.GetRequiredService<WaMcpDbContext>();
        await context.Database.OpenConnectionAsync(cancellationToken); // as this client
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        var pruned = await InBatchesAsync(() => Of(Messages, before), "messages", turn, cancellationToken);
        await InBatchesAsync(() => Of(Orders, clock.GetUtcNow() - IdempotencyKey.KeptFor), "orders", turn, cancellationToken);
        await InBatchesAsync(() => Of(Statuses, clock.GetUtcNow() - EarlyStatuses.KeptFor), "deliveries", turn, cancellationToken);
        turn.Count("clients", pruned > 0 ? 1 : 0);
        if (pruned > 0)
        {
            await using var read = new NpgsqlCommand(Unread, connection) { Parameters = { new() { Value = client.Value } } };
            await read.ExecuteNonQueryAsync(cancellationToken);
        }

        await scope.ServiceProvider.GetRequiredService<MarkMedia>().MarkUnusedAsync(before, cancellationToken);
        turn.Count("media", await scope.ServiceProvider.GetRequiredService<DeleteMedia>().ExecuteAsync(cancellationToken));

        NpgsqlCommand Of(string sql, DateTimeOffset until) => new(sql, connection)
        {
            Parameters = { new() { Value = client.Value }, new() { Value = until }, new() { Value = BatchRows } },
        };
    }

    private Task<long> DeleteAsync(string sql, DateTimeOffset before, string what, DutyTurn turn, CancellationToken cancellationToken) =>
        InBatchesAsync(
            () =>
            {
                var command = database.CreateCommand(sql);
                command.Parameters.AddWithValue(before);
                command.Parameters.AddWithValue(BatchRows);
                return command;
            },
            what,
            turn,
            cancellationToken);

    private static async Task<long> InBatchesAsync(Func<NpgsqlCommand> batch, string what, DutyTurn turn, CancellationToken cancellationToken)
    {
        var total = 0L;
        int rows;
        do
        {
            await using var command = batch();
            rows = await command.ExecuteNonQueryAsync(cancellationToken);
            turn.Count(what, rows);
            total += rows;
        }
        while (rows > 0);

        return total;
    }
}
