using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Endpoints;

/// <summary>Has an endpoint told once more what happened in a span of time, with the ids of the first time.</summary>
/// <remarks>
/// What the database has of it now: of a message that went through several states, each with its time. What is queued already is left to that, and what was
/// given up is queued anew. Audited as <c>endpoint_replayed</c>, with the span and the number of events.
/// </remarks>
/// <param name="context">The database.</param>
/// <param name="find">Finds the endpoint.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="operator">Told how far it is.</param>
/// <param name="clock">The end of the span, unless it is told.</param>
public sealed class ReplayEvents(WaMcpDbContext context, FindEndpoint find, AuditedChange change, Operator @operator, TimeProvider clock)
{
    /// <summary>The most events of one command, about; what is left is replayed by the next.</summary>
    public const int Most = 100_000;

    private const int Page = 2_000;

    // Providers may tell what became of a message for so long after it was sent.
    private static readonly TimeSpan Statuses = TimeSpan.FromDays(30);

    // Along the index of each channel (see ReadMessages), so that other clients' and other channels' messages are not read.
    private const string Sql =
        """
        WITH page AS MATERIALIZED (
            SELECT message.* FROM grants, LATERAL (
                SELECT id, trace_parent, direction, created_at, sent_at, edited_at, revoked_at, delivered_at, read_at, failed_at
                FROM messages
                WHERE client_id = $1 AND channel_id >= grants.channel_id AND channel_id <= grants.channel_id AND id > $3 ORDER BY channel_id, id LIMIT $8) message
            WHERE grants.client_id = $1 AND grants.revoked_at IS NULL AND ($4 = '{}' OR grants.channel_id = ANY ($4))
            ORDER BY message.id LIMIT $8),
        told AS MATERIALIZED (
            SELECT page.id, page.trace_parent, happened.event, happened.at FROM page, LATERAL (VALUES
                ('message.received', 'message.received', page.created_at, 'Inbound'),
                ('message.edited', 'message.edited:' || floor(extract(epoch FROM edited_at) * 1000)::bigint, edited_at, 'Inbound'),
                ('message.revoked', 'message.revoked', page.revoked_at, 'Inbound'),
                ('message.status', 'message.status:sent', sent_at, 'Outbound'),
                ('message.status', 'message.status:delivered', delivered_at, 'Outbound'),
                ('message.status', 'message.status:read', read_at, 'Outbound'),
                ('message.status', 'message.status:failed', failed_at, 'Outbound')) AS happened (type, event, at, direction)
            WHERE happened.direction = page.direction AND happened.at >= $6 AND happened.at < $7 AND happened.type = ANY ($5)
                AND (page.direction = 'Outbound' OR sent_at IS NOT NULL)),
        given_up AS (
            DELETE FROM jobs USING told
            WHERE endpoint_id = $2 AND subject_id = told.id AND jobs.event = told.event AND dead_at IS NOT NULL),
        queued AS (
            INSERT INTO jobs (id, kind, client_id, subject_id, run_at, trace_parent, endpoint_id, event)
            SELECT gen_random_uuid(), 'Notify', $1, id, now(), trace_parent, $2, event FROM told
            WHERE NOT EXISTS (
                SELECT FROM jobs job WHERE job.endpoint_id = $2 AND job.subject_id = told.id AND job.event = told.event AND job.dead_at IS NULL)
            ORDER BY at
            RETURNING 1)
        SELECT (SELECT count(*) FROM page), (SELECT count(*) FROM queued), (SELECT id FROM page ORDER BY id DESC LIMIT 1)
        """;

    /// <summary>What is told once more.</summary>
    /// <param name="Events">How many.</param>
    /// <param name="Next">Where to go on when there may be more than <see cref="Most"/>; null when that was all.</param>
    public sealed record Replay(int Events, string? Next);

    /// <summary>Queues them.</summary>
    /// <param name="reference">The endpoint's id.</param>
    /// <param name="since">What happened from then on.</param>
    /// <param name="until">And before then; null for until now.</param>
    /// <param name="after">What an earlier replay ended with (<see cref="Replay.Next"/>).</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="Fault"><c>not_found</c>, <c>invalid_input</c>; <c>conflict</c> for a disabled endpoint.</exception>
    public async Task<Replay> ExecuteAsync(
        string reference, DateTimeOffset since, DateTimeOffset? until, string? after, CancellationToken cancellationToken)
    {
        var end = until ?? clock.GetUtcNow();
        if (end <= since)
        {
            throw Fault.Invalid("until", "must be later than --since.");
        }

        var last = After(after) ?? First(since);
        var endpoint = await find.ExecuteAsync(reference, cancellationToken);
        if (endpoint.DisabledAt is not null)
        {
            throw new Fault(FaultCode.Conflict, $"{endpoint.Id} is disabled: nothing is sent to it.", $"`admin endpoints enable {endpoint.Id}` first.");
        }

        await context.Database.BeginTransactionAsync(cancellationToken); // saving ends it
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        var (events, looked, hasMore) = (0L, 0L, true);
        while (hasMore && events < Most)
        {
            (var read, var queued, last) = await PageAsync(connection, endpoint, last, since, end, cancellationToken);
            (events, looked, hasMore) = (events + queued, looked + read, read == Page);
            @operator.Tell?.Invoke($"{looked} messages looked at, {events} events queued.");
        }

        await using (var wake = new NpgsqlCommand($"NOTIFY {JobQueue.Notification}, '{nameof(JobKind.Notify)}'", connection))
        {
            await wake.ExecuteNonQueryAsync(cancellationToken);
        }

        await change.SaveAsync(
            change.Row(AuditAction.EndpointReplayed) with { ClientId = endpoint.ClientId },
            new() { ["endpoint"] = endpoint.Id.ToString(), ["since"] = since.ToString("O"), ["until"] = end.ToString("O"), ["events"] = events },
            affected: [],
            cancellationToken);
        return new Replay((int)events, hasMore ? new MessageId(last).ToString() : null);
    }

    private static async Task<(long Read, long Queued, Guid Last)> PageAsync(
        NpgsqlConnection connection, Endpoint endpoint, Guid last, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new() { Value = endpoint.ClientId.Value }, new() { Value = endpoint.Id.Value }, new() { Value = last },
                new() { Value = endpoint.ChannelIds, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid }, new() { Value = endpoint.Events },
                new() { Value = since.ToUniversalTime() }, new() { Value = until.ToUniversalTime() }, new() { Value = Page },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1), reader.IsDBNull(2) ? last : reader.GetGuid(2));
    }

    // Ids begin with the time at which they were made.
    private static Guid First(DateTimeOffset since)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(since - Statuses).TryWriteBytes(bytes, bigEndian: true, out _);
        bytes[6..].Clear();
        return new Guid(bytes, bigEndian: true);
    }

    private static Guid? After(string? after) => after is null ? null
        : TypedId.TryParse<MessageId>(after, out var id) ? id.Value
        : throw Fault.Invalid("after", "is not a message id.", "An earlier replay said it when it could not do all at once.");
}
