using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
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
/// stays as the raw event, to be replayed, until retention takes that. Several are taken apart in one transaction.
/// </summary>
/// <param name="context">The database.</param>
/// <param name="deliveries">Loads deliveries.</param>
/// <param name="channels">Understand their provider's deliveries.</param>
/// <param name="templates">Asked for again when the provider says that they changed.</param>
/// <param name="facts">Keeps what the provider tells operators.</param>
/// <param name="clock">Stamps the event.</param>
internal sealed class FanOutEvent(
    WaMcpDbContext context, LoadDeliveries deliveries, IEnumerable<IChannel> channels, TemplateBook templates, NoteFacts facts, TimeProvider clock) : IBatchHandler
{
    // A job that failed for that long, or that somebody tried again.
    private static readonly TimeSpan Late = TimeSpan.FromHours(1);

    public JobKind Kind => JobKind.FanOut;

    public Task HandleAsync(Job job, CancellationToken cancellationToken) => HandleAsync([job], cancellationToken);

    public async Task<int> HandleAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        var parts = Together(await deliveries.ExecuteAsync(jobs, cancellationToken));
        await HeldJobs.CompleteAsync(connection, parts.ConvertAll(part => part.Job), LockPatience.Of(parts.Count), cancellationToken);

        await SpokenOfAsync(parts, cancellationToken);
        await HandOutAsync(parts, connection, cancellationToken);
        foreach (var part in parts)
        {
            await NoteAsync(part, cancellationToken);
            part.Count(DeliveryOutcome.UnknownKind, part.Understood.Unknown);
            part.Count(DeliveryOutcome.NotUnderstood, part.Understood.IsNothing ? 1 : 0);
        }

        await WriteOutcomesAsync(parts, connection, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        foreach (var part in parts)
        {
            foreach (var (word, count) in part.Outcome)
            {
                WaMcpTelemetry.DeliveryEnded(part.Webhook.Provider.ToString(), word, count!.GetValue<int>());
            }
        }

        return parts.Count;
    }

    // What changes rows that others change too goes by itself: two batches would change them in different orders. So does what is for whoever was granted then.
    private List<Part> Together(IReadOnlyList<(Job Job, WebhookEvent Delivery)> read)
    {
        var parts = new List<Part>();
        foreach (var (job, delivery) in read)
        {
            var part = new Part(job, delivery, UnderstandingOf(delivery))
            {
                IsOfThen = delivery.FannedOutAt is not null || clock.GetUtcNow() - delivery.ReceivedAt > Late,
            };
            if (parts.Count == 0 || !part.IsByItself)
            {
                parts.Add(part);
            }

            if (part.IsByItself)
            {
                break;
            }
        }

        return parts;
    }

    private Understanding UnderstandingOf(WebhookEvent webhook) => channels.Single(channel => channel.Kind == webhook.Provider).Understand(webhook.Body);

    private async Task HandOutAsync(IReadOnlyList<Part> parts, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var granted = await GrantedAsync(parts, cancellationToken);
        var jobs = new List<NewJob>();
        foreach (var part in parts)
        {
            var named = part.Named;
            var here = part.Here.Count(channel => named.Contains(channel.ProviderId));
            var ids = part.Known.Where(channel => named.Contains(channel.ProviderId)).Select(channel => channel.Id).ToList();
            var reached = granted.FindAll(grant => ids.Contains(grant.ChannelId));
            jobs.AddRange(reached.Select(grant => new NewJob(JobKind.Receive, part.Job.SubjectId, grant.ClientId, grant.ChannelId, part.Job.TraceParent)));
            part.Count(DeliveryOutcome.FannedOut, reached.Count);
            part.Count(
                DeliveryOutcome.NoGrant,
                part.Job.ClientId is null || reached.Count == 0 ? ids.Count(id => !reached.Exists(grant => grant.ChannelId == id)) : 0);
            part.Count(DeliveryOutcome.NotSignedFor, here - ids.Count);
            part.Count(DeliveryOutcome.UnknownChannel, named.Count - here);
        }

        if (jobs.Count > 0)
        {
            await JobQueue.EnqueueAsync(connection, jobs, cancellationToken);
        }
    }

    // When it comes, those who are granted the channel by now. When it is taken apart once more, or late, those of them who were granted it when it came:
    // what people wrote before is not for whoever has the number since; that an operator must say (the job's client).
    private async Task<List<Grant>> GrantedAsync(IReadOnlyList<Part> parts, CancellationToken cancellationToken)
    {
        List<ChannelId> ids = [.. parts.SelectMany(part => part.Known).Select(channel => channel.Id).Distinct()];
        var granted = context.Grants.AsNoTracking().Where(grant => ids.Contains(grant.ChannelId) && grant.RevokedAt == null);
        if (parts[0].Job.ClientId is { } client)
        {
            granted = granted.Where(grant => grant.ClientId == client);
        }
        else if (parts[0].IsOfThen)
        {
            var then = parts[0].Webhook.ReceivedAt;
            granted = granted.Where(grant => context.Grants.Any(before => before.ClientId == grant.ClientId && before.ChannelId == grant.ChannelId
                && before.CreatedAt <= then && (before.RevokedAt == null || before.RevokedAt > then)));
        }

        return await granted.ToListAsync(cancellationToken);
    }

    private async Task NoteAsync(Part part, CancellationToken cancellationToken)
    {
        foreach (var fact in part.Understood.Facts)
        {
            var about = part.Known.FindAll(fact.IsAbout);
            part.Count(DeliveryOutcome.Noted, about.Count == 0 ? 0 : 1);
            part.Count(part.Here.Exists(fact.IsAbout) ? DeliveryOutcome.NotSignedFor : DeliveryOutcome.UnknownChannel, about.Count == 0 ? 1 : 0);
            await facts.ExecuteAsync(about.ConvertAll(channel => channel.Id), fact, part.Webhook.ReceivedAt, cancellationToken);
        }

        if (part.Understood.ChangedTemplates.Count > 0)
        {
            await templates.MarkChangedAsync([.. part.Known.Select(channel => channel.Id)], part.Understood.ChangedTemplates, cancellationToken);
        }
    }

    private async Task WriteOutcomesAsync(IReadOnlyList<Part> parts, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var part in parts.OrderBy(part => part.Webhook.Id.Value))
        {
            batch.BatchCommands.Add(new("UPDATE webhook_events SET fanned_out_at = $2, outcomes = $3, counts = $4, channel_ids = $5 WHERE id = $1")
            {
                Parameters =
                {
                    new() { Value = part.Webhook.Id.Value }, new() { Value = clock.GetUtcNow() }, new() { Value = part.Outcome.Select(count => count.Key).ToArray() },
                    new() { Value = part.Outcome.ToJsonString(), NpgsqlDbType = NpgsqlDbType.Jsonb }, new() { Value = part.Here.Select(channel => channel.Id.Value).ToArray() },
                },
            });
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    // By the number, or by the account where the provider speaks of all of its numbers.
    private async Task SpokenOfAsync(IReadOnlyList<Part> parts, CancellationToken cancellationToken)
    {
        foreach (var ofProvider in parts.GroupBy(part => part.Webhook.Provider))
        {
            List<string> numbers = [.. ofProvider.SelectMany(part => part.Numbers).Distinct()];
            List<string> accounts = [.. ofProvider.SelectMany(part => part.Accounts).Distinct()];
            var found = await context.Channels.AsNoTracking()
                .Where(channel => channel.Kind == ofProvider.Key
                    && (numbers.Contains(channel.ProviderId) || (channel.AccountId != null && accounts.Contains(channel.AccountId))))
                .ToListAsync(cancellationToken);
            var provider = channels.Single(candidate => candidate.Kind == ofProvider.Key);
            foreach (var part in ofProvider)
            {
                part.Here = found.FindAll(channel => part.Numbers.Contains(channel.ProviderId) || (channel.AccountId is { } account && part.Accounts.Contains(account)));
                part.Known = part.Here.FindAll(channel => provider.SpeaksFor(channel, part.Webhook.Signer));
            }
        }
    }

    // A delivery of a batch, and what becomes of it.
    private sealed record Part(Job Job, WebhookEvent Webhook, Understanding Understood)
    {
        public IReadOnlyList<string> Named { get; } = [.. Understood.Channels.Select(updates => updates.ProviderId).Distinct()];

        public HashSet<string> Numbers { get; } =
            Understood.Channels.Select(updates => updates.ProviderId).Concat(Understood.Facts.Select(fact => fact.ChannelProviderId).OfType<string>()).ToHashSet();

        public HashSet<string> Accounts { get; } = Understood.Facts.Where(fact => fact.ChannelProviderId is null).Select(fact => fact.AccountId).OfType<string>()
            .Concat(Understood.ChangedTemplates).ToHashSet();

        // Whether it is only for whoever was granted the channel when it came.
        public bool IsOfThen { get; init; }

        public bool IsByItself => IsOfThen || Job.ClientId is not null || Understood.Facts.Count > 0 || Understood.ChangedTemplates.Count > 0;

        // Channels that it speaks of, and those of them that its secret may speak for.
        public List<Channel> Here { get; set; } = [];

        public List<Channel> Known { get; set; } = [];

        public JsonObject Outcome { get; } = [];

        public void Count(string word, int count)
        {
            if (count > 0)
            {
                Outcome[word] = (Outcome[word]?.GetValue<int>() ?? 0) + count;
            }
        }
    }
}
