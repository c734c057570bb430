using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Inbox;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Templates;
using WaMcp.Worker.Jobs;

namespace WaMcp.Worker.Inbound;

/// <summary>
/// Takes a stored delivery apart: one job for each channel it speaks of and each client granted there, so that each client's part is
/// recorded in that client's scope and retried by itself. What became of it is written beside it; what concerns no known channel or nobody
/// stays as the raw event, to be replayed, until retention takes that.
/// </summary>
/// <param name="context">The database.</param>
/// <param name="channels">Understand their provider's deliveries.</param>
/// <param name="templates">Asked for again when the provider says that they changed.</param>
/// <param name="facts">Keeps what the provider tells operators.</param>
/// <param name="clock">Stamps the event.</param>
internal sealed class FanOutEvent(
    WaMcpDbContext context, IEnumerable<IChannel> channels, TemplateBook templates, NoteFacts facts, TimeProvider clock) : IJobHandler
{
    public JobKind Kind => JobKind.FanOut;

    public async Task HandleAsync(Job job, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        await JobQueue.CompleteAsync(connection, job, cancellationToken);

        var id = new WebhookEventId(job.SubjectId);
        var webhook = await context.WebhookEvents.SingleAsync(candidate => candidate.Id == id, cancellationToken);
        var understood = channels.Single(channel => channel.Kind == webhook.Provider).Understand(webhook.Body);
        var here = await SpokenOfAsync(webhook, understood, cancellationToken);
        var known = here.FindAll(channel => channels.Single(candidate => candidate.Kind == channel.Kind).SpeaksFor(channel, webhook.Signer));
        var outcome = new JsonObject();
        await HandOutAsync(job, webhook, understood, (here, known), outcome, connection, cancellationToken);
        await NoteAsync(webhook, understood, (here, known), outcome, cancellationToken);
        Count(outcome, DeliveryOutcome.UnknownKind, understood.Unknown);
        Count(outcome, DeliveryOutcome.NotUnderstood, understood.IsNothing ? 1 : 0);

        webhook.FannedOutAt = clock.GetUtcNow();
        webhook.Outcomes = [.. outcome.Select(count => count.Key)];
        webhook.Counts = outcome.ToJsonString();
        webhook.ChannelIds = [.. here.Select(channel => channel.Id.Value)];
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        foreach (var (word, count) in outcome)
        {
            WaMcpTelemetry.DeliveryEnded(webhook.Provider.ToString(), word, count!.GetValue<int>());
        }
    }

    private async Task HandOutAsync(
        Job job,
        WebhookEvent webhook,
        Understanding understood,
        (List<Channel> Here, List<Channel> Known) spokenOf,
        JsonObject outcome,
        NpgsqlConnection connection,
        CancellationToken cancellationToken)
    {
        var named = understood.Channels.Select(updates => updates.ProviderId).Distinct().ToList();
        var here = spokenOf.Here.Count(channel => named.Contains(channel.ProviderId));
        var ids = spokenOf.Known.Where(channel => named.Contains(channel.ProviderId)).Select(channel => channel.Id).ToList();
        var granted = await GrantedAsync(job, webhook, ids, cancellationToken);
        if (granted.Count > 0)
        {
            await JobQueue.EnqueueAsync(
                connection,
                granted.ConvertAll(grant => new NewJob(JobKind.Receive, job.SubjectId, grant.ClientId, grant.ChannelId, job.TraceParent)),
                cancellationToken);
        }

        Count(outcome, DeliveryOutcome.FannedOut, granted.Count);
        var reached = granted.Select(grant => grant.ChannelId).ToHashSet();
        Count(outcome, DeliveryOutcome.NoGrant, job.ClientId is null || reached.Count == 0 ? ids.Count(id => !reached.Contains(id)) : 0);
        Count(outcome, DeliveryOutcome.NotSignedFor, here - ids.Count);
        Count(outcome, DeliveryOutcome.UnknownChannel, named.Count - here);
    }

    // When it comes, those who are granted the channel by now. When it is taken apart once more, those of them who were granted it when it came: what
    // people wrote before is not for whoever has the number since; that an operator must say (the job's client).
    private async Task<List<Grant>> GrantedAsync(Job job, WebhookEvent webhook, List<ChannelId> ids, CancellationToken cancellationToken)
    {
        var granted = context.Grants.AsNoTracking().Where(grant => ids.Contains(grant.ChannelId) && grant.RevokedAt == null);
        if (job.ClientId is { } client)
        {
            granted = granted.Where(grant => grant.ClientId == client);
        }
        else if (webhook.FannedOutAt is not null)
        {
            var then = webhook.ReceivedAt;
            granted = granted.Where(grant => context.Grants.Any(before => before.ClientId == grant.ClientId && before.ChannelId == grant.ChannelId
                && before.CreatedAt <= then && (before.RevokedAt == null || before.RevokedAt > then)));
        }

        return await granted.ToListAsync(cancellationToken);
    }

    private async Task NoteAsync(
        WebhookEvent webhook, Understanding understood, (List<Channel> Here, List<Channel> Known) spokenOf, JsonObject outcome, CancellationToken cancellationToken)
    {
        foreach (var fact in understood.Facts)
        {
            var about = spokenOf.Known.FindAll(fact.IsAbout);
            Count(outcome, DeliveryOutcome.Noted, about.Count == 0 ? 0 : 1);
            Count(outcome, spokenOf.Here.Exists(fact.IsAbout) ? DeliveryOutcome.NotSignedFor : DeliveryOutcome.UnknownChannel, about.Count == 0 ? 1 : 0);
            await facts.ExecuteAsync(about.ConvertAll(channel => channel.Id), fact, webhook.ReceivedAt, cancellationToken);
        }

        if (understood.ChangedTemplates.Count > 0)
        {
            await templates.MarkChangedAsync([.. spokenOf.Known.Select(channel => channel.Id)], understood.ChangedTemplates, cancellationToken);
        }
    }

    // By the number, or by the account where the provider speaks of all of its numbers.
    private async Task<List<Channel>> SpokenOfAsync(WebhookEvent webhook, Understanding understood, CancellationToken cancellationToken)
    {
        List<string> numbers = [.. understood.Channels.Select(updates => updates.ProviderId).Concat(understood.Facts.Select(fact => fact.ChannelProviderId).OfType<string>()).Distinct()];
        List<string> accounts =
        [
            .. understood.Facts.Where(fact => fact.ChannelProviderId is null).Select(fact => fact.AccountId).OfType<string>().Concat(understood.ChangedTemplates).Distinct(),
        ];
        return await context.Channels.AsNoTracking()
            .Where(channel => channel.Kind == webhook.Provider
                && (numbers.Contains(channel.ProviderId) || (channel.AccountId != null && accounts.Contains(channel.AccountId))))
            .ToListAsync(cancellationToken);
    }

    private static void Count(JsonObject outcome, string word, int count)
    {
        if (count > 0)
        {
            outcome[word] = (outcome[word]?.GetValue<int>() ?? 0) + count;
        }
    }
}
