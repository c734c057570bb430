using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Inbox;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Templates;
using WaMcp.Worker.Jobs;

namespace WaMcp.Worker.Inbound;

/// <summary>
/// Takes a stored delivery apart: one job for each channel it speaks of and each client granted there, so that each client's part is
/// recorded in that client's scope and retried by itself. What concerns no known channel or nobody stays as the raw event until retention
/// takes that.
/// </summary>
/// <param name="context">The database.</param>
/// <param name="channels">Understand their provider's deliveries.</param>
/// <param name="templates">Asked for again when the provider says that they changed.</param>
/// <param name="clock">Stamps the event.</param>
internal sealed class FanOutEvent(
    WaMcpDbContext context, IEnumerable<IChannel> channels, TemplateBook templates, TimeProvider clock) : IJobHandler
{
    public JobKind Kind => JobKind.FanOut;

    public async Task HandleAsync(Job job, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        await JobQueue.CompleteAsync(connection, job, cancellationToken);

        var id = new WebhookEventId(job.SubjectId);
        var webhook = await context.WebhookEvents.SingleAsync(candidate => candidate.Id == id, cancellationToken);
        var spokenOf = channels.Single(channel => channel.Kind == webhook.Provider)
            .Understand(webhook.Body)
            .Select(updates => updates.ProviderId).Distinct().ToList();
        var derived = await (
            from channel in context.Channels
            join grant in context.Grants on channel.Id equals grant.ChannelId
            where channel.Kind == webhook.Provider && spokenOf.Contains(channel.ProviderId) && grant.RevokedAt == null
            select new { grant.ClientId, ChannelId = channel.Id, channel.Profile }).ToListAsync(cancellationToken);
        derived.RemoveAll(each => !SpeaksFor(webhook, each.ChannelId, each.Profile));
        if (derived.Count > 0)
        {
            await JobQueue.EnqueueAsync(
                connection,
                derived.ConvertAll(each => new NewJob(JobKind.Receive, job.SubjectId, each.ClientId, each.ChannelId, job.TraceParent)),
                cancellationToken);
        }

        await NoteTemplatesAsync(webhook, cancellationToken);
        webhook.FannedOutAt = clock.GetUtcNow();
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task NoteTemplatesAsync(WebhookEvent webhook, CancellationToken cancellationToken)
    {
        var accounts = channels.Single(channel => channel.Kind == webhook.Provider).ChangedTemplates(webhook.Body);
        if (accounts.Count > 0)
        {
            var concerned = await context.Channels.AsNoTracking()
                .Where(channel => channel.Kind == webhook.Provider && channel.AccountId != null && accounts.Contains(channel.AccountId))
                .ToListAsync(cancellationToken);
            concerned.RemoveAll(channel => !SpeaksFor(webhook, channel.Id, channel.Profile));
            await templates.MarkChangedAsync([.. concerned.Select(channel => channel.Id)], accounts, cancellationToken);
        }
    }

    // Whoever holds one app's secret can sign anything with it, also a delivery that names somebody else's number.
    private static bool SpeaksFor(WebhookEvent webhook, ChannelId channel, ChannelProfile profile) =>
        webhook.SignedBy.Length == 0 ? profile == ChannelProfile.Platform : webhook.SignedBy.Contains(channel.Value);
}
