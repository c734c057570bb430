using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Inbox;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Worker.Jobs;

namespace WaMcp.Worker.Inbound;

/// <summary>Records, in one client's scope and one transaction, what a delivery says about one channel.</summary>
/// <remarks>
/// In whatever order deliveries come, and however often, the end is the same: who is who comes first, then what they wrote, then what they
/// changed of it, then what became of our messages. People are gone through in one order, so that two workers do not wait for each other.
/// </remarks>
/// <param name="context">The client's data.</param>
/// <param name="channels">Understand their provider's deliveries.</param>
/// <param name="contacts">Knows who is who.</param>
/// <param name="inbound">Records messages.</param>
/// <param name="status">Records statuses.</param>
/// <param name="files">Has files fetched.</param>
/// <param name="clock">Stamps the audit row.</param>
internal sealed class ReceiveEvent(
    WaMcpDbContext context, IEnumerable<IChannel> channels, ContactBook contacts, RecordInbound inbound, RecordStatus status, RequestFiles files, TimeProvider clock) : IJobHandler
{
    public JobKind Kind => JobKind.Receive;

    public async Task HandleAsync(Job job, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        await JobQueue.CompleteAsync(connection, job, cancellationToken);

        // The grant counts now, not when the delivery came: after a revocation nothing more is handed over.
        var granted = await context.Grants.AnyAsync(
            grant => grant.ClientId == job.ClientId && grant.ChannelId == job.ChannelId && grant.RevokedAt == null, cancellationToken);
        if (granted)
        {
            await RecordAsync(job, connection, cancellationToken);
        }
        else
        {
            await context.Database.ExecuteSqlAsync(
                $"""
                UPDATE webhook_events SET outcomes = array_append(outcomes, {DeliveryOutcome.NoGrant})
                WHERE id = {job.SubjectId} AND NOT outcomes @> ARRAY[{DeliveryOutcome.NoGrant}]
                """,
                cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private async Task RecordAsync(Job job, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (eventId, channelId) = (new WebhookEventId(job.SubjectId), job.ChannelId!.Value);
        var webhook = await context.WebhookEvents.AsNoTracking().SingleAsync(candidate => candidate.Id == eventId, cancellationToken);
        var channel = await context.Channels.AsNoTracking().SingleAsync(candidate => candidate.Id == channelId, cancellationToken);
        var updates = channels.Single(candidate => candidate.Kind == channel.Kind)
            .Understand(webhook.Body).Channels
            .Where(update => update.ProviderId == channel.ProviderId)
            .ToList();
        await TakeTurnAsync(job, updates.Any(update => update.Identities.Count > 0), connection, cancellationToken);
        foreach (var change in updates.SelectMany(update => update.Identities).OrderBy(change => change.At))
        {
            await contacts.ChangeAsync(channelId, change, cancellationToken);
        }

        var (messages, changes, statuses) = (0, 0, 0);
        foreach (var message in updates.SelectMany(update => update.Messages).OrderBy(message => Order(message.Person), StringComparer.Ordinal))
        {
            messages += await inbound.ExecuteAsync(channelId, message, webhook.RequestId, cancellationToken) ? 1 : 0;
        }

        foreach (var change in updates.SelectMany(update => update.Changes).OrderBy(change => Order(change.Person), StringComparer.Ordinal))
        {
            changes += await inbound.ExecuteAsync(channelId, change, webhook.RequestId, cancellationToken) ? 1 : 0;
        }

        foreach (var update in updates.SelectMany(update => update.Statuses).OrderBy(update => update.ProviderMessageId, StringComparer.Ordinal))
        {
            statuses += await status.ExecuteAsync(channelId, update, cancellationToken) ? 1 : 0;
        }

        foreach (var preference in updates.SelectMany(update => update.Preferences).OrderBy(preference => Order(preference.Person), StringComparer.Ordinal))
        {
            var contact = await contacts.FindOrAddAsync(channelId, preference.Person, preference.At, cancellationToken);
            await contacts.PreferAsync(contact.Id, preference.StopsMarketing, preference.At, cancellationToken);
        }

        await files.ExecuteAsync(channelId, updates, cancellationToken);
        var row = new AuditRecord
        {
            Action = AuditAction.WebhookProcessed,
            Ts = clock.GetUtcNow(),
            ClientId = job.ClientId,
            ChannelId = channelId,
            RequestId = webhook.RequestId,
            Metadata = new JsonObject { ["messages"] = messages, ["changes"] = changes, ["statuses"] = statuses }.ToJsonString(),
        };
        await AuditTable.WriteAsync(connection, [row], cancellationToken);
    }

    // Many record side by side; one that says who became whom is alone, because it holds several people at once and waits for more.
    private static async Task TakeTurnAsync(Job job, bool isAlone, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT pg_advisory_xact_lock{(isAlone ? "" : "_shared")}(hashtextextended('receive ' || $1 || ' ' || $2, 0))", connection);
        command.Parameters.AddWithValue(job.ClientId!.Value.Value.ToString());
        command.Parameters.AddWithValue(job.ChannelId!.Value.Value.ToString());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string? Order(PersonIds person) => person.UserId ?? person.Phone ?? person.ParentUserId;
}
