using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain;
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
        var known = await SpokenOfAsync(webhook, understood, cancellationToken);
        var outcome = new JsonObject();
        await HandOutAsync(job, understood, known, outcome, connection, cancellationToken);
        await NoteAsync(webhook, understood, known, outcome, cancellationToken);
        Count(outcome, DeliveryOutcome.UnknownKind, understood.Unknown);
        Count(outcome, DeliveryOutcome.NotUnderstood, understood.IsNothing ? 1 : 0);

        webhook.FannedOutAt = clock.GetUtcNow();
        webhook.Outcomes = [.. outcome.Select(count => count.Key)];
        webhook.Counts = outcome.ToJsonString();
        webhook.ChannelIds = [.. known.Select(channel => channel.Id.Value)];
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        foreach (var (word, count) in outcome)
        {
            WaMcpTelemetry.DeliveryEnded(webhook.Provider.ToString(), word, count!.GetValue<int>());
        }
    }

    private async Task HandOutAsync(
        Job job, Understanding understood, List<Channel> known, JsonObject outcome, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var named = understood.Channels.Select(updates => updates.ProviderId).Distinct().ToList();
        var concerned = known.Where(channel => named.Contains(channel.ProviderId)).ToList();
        var ids = concerned.ConvertAll(channel => channel.Id);
        var granted = await context.Grants.AsNoTracking()
            .Where(grant => ids.Contains(grant.ChannelId) && grant.RevokedAt == null).ToListAsync(cancellationToken);
        if (granted.Count > 0)
        {
            await JobQueue.EnqueueAsync(
                connection,
                granted.ConvertAll(grant => new NewJob(JobKind.Receive, job.SubjectId, grant.ClientId, grant.ChannelId, job.TraceParent)),
                cancellationToken);
        }

        Count(outcome, DeliveryOutcome.FannedOut, granted.Count);
        Count(outcome, DeliveryOutcome.NoGrant, ids.Except(granted.Select(grant => grant.ChannelId)).Count());
        Count(outcome, DeliveryOutcome.UnknownChannel, named.Count - concerned.Count);
    }

    private async Task NoteAsync(
        WebhookEvent webhook, Understanding understood, List<Channel> known, JsonObject outcome, CancellationToken cancellationToken)
    {
        var unknown = 0;
        foreach (var fact in understood.Facts)
        {
            var about = known.Where(channel => fact.ChannelProviderId is { } number ? channel.ProviderId == number : channel.AccountId == fact.AccountId).ToList();
            unknown += about.Count == 0 ? 1 : 0;
            Count(outcome, DeliveryOutcome.Noted, about.Count == 0 ? 0 : 1);
            await facts.ExecuteAsync(about.ConvertAll(channel => channel.Id), fact, webhook.ReceivedAt, cancellationToken);
        }

        Count(outcome, DeliveryOutcome.UnknownChannel, unknown);
        if (understood.ChangedTemplates.Count > 0)
        {
            await templates.MarkChangedAsync([.. known.Select(channel => channel.Id)], understood.ChangedTemplates, cancellationToken);
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
        var known = await context.Channels.AsNoTracking()
            .Where(channel => channel.Kind == webhook.Provider
                && (numbers.Contains(channel.ProviderId) || (channel.AccountId != null && accounts.Contains(channel.AccountId))))
            .ToListAsync(cancellationToken);
        known.RemoveAll(channel => !SpeaksFor(webhook, channel));
        return known;
    }

    private static void Count(JsonObject outcome, string word, int count)
    {
        if (count > 0)
        {
            outcome[word] = (outcome[word]?.GetValue<int>() ?? 0) + count;
        }
    }

    // Whoever holds one app's secret can sign anything with it, also a delivery that names somebody else's number.
    private static bool SpeaksFor(WebhookEvent webhook, Channel channel) =>
        webhook.SignedBy.Length == 0 ? channel.Profile == ChannelProfile.Platform : webhook.SignedBy.Contains(channel.Id.Value);
}
