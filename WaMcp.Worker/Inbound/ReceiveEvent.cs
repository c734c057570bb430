using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Inbox;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Messages;
using WaMcp.Worker.Jobs;

namespace WaMcp.Worker.Inbound;

/// <summary>Records, in one client's scope and one transaction, what a delivery says about one channel.</summary>
/// <param name="context">The client's data.</param>
/// <param name="channels">Understand their provider's deliveries.</param>
/// <param name="inbound">Records messages.</param>
/// <param name="status">Records statuses.</param>
/// <param name="clock">Stamps the audit row.</param>
internal sealed class ReceiveEvent(
    WaMcpDbContext context, IEnumerable<IChannel> channels, RecordInbound inbound, RecordStatus status, TimeProvider clock) : IJobHandler
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

        await transaction.CommitAsync(cancellationToken);
    }

    private async Task RecordAsync(Job job, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (eventId, channelId) = (new WebhookEventId(job.SubjectId), job.ChannelId!.Value);
        var webhook = await context.WebhookEvents.AsNoTracking().SingleAsync(candidate => candidate.Id == eventId, cancellationToken);
        var channel = await context.Channels.AsNoTracking().SingleAsync(candidate => candidate.Id == channelId, cancellationToken);
        var updates = channels.Single(candidate => candidate.Kind == channel.Kind)
            .Understand(webhook.Body)
            .Where(update => update.ProviderId == channel.ProviderId)
            .ToList();
        var (messages, statuses) = (0, 0);
        foreach (var message in updates.SelectMany(update => update.Messages))
        {
            messages += await inbound.ExecuteAsync(channelId, message, webhook.RequestId, cancellationToken) ? 1 : 0;
        }

        foreach (var update in updates.SelectMany(update => update.Statuses))
        {
            statuses += await status.ExecuteAsync(channelId, update, cancellationToken) ? 1 : 0;
        }

        var row = new AuditRecord
        {
            Action = AuditAction.WebhookProcessed,
            Ts = clock.GetUtcNow(),
            ClientId = job.ClientId,
            ChannelId = channelId,
            RequestId = webhook.RequestId,
            Metadata = new JsonObject { ["messages"] = messages, ["statuses"] = statuses }.ToJsonString(),
        };
        await AuditTable.WriteAsync(connection, [row], cancellationToken);
    }
}
