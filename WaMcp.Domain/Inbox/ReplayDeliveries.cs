using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Inbox;

/// <summary>Has stored deliveries taken apart once more, by the channels and knowledge of today.</summary>
/// <remarks>
/// What was recorded before is recognised and stays as it is. A client whose grant is younger than a delivery gets nothing of it, because it was
/// somebody else's then, unless the operator names that client: then it alone gets its part. Audited as <c>inbound_replayed</c>, with the number
/// and the filter.
/// </remarks>
/// <param name="context">The database.</param>
/// <param name="find">Finds one.</param>
/// <param name="list">Finds many.</param>
/// <param name="clients">Finds the client.</param>
/// <param name="change">Saves it with its audit row.</param>
public sealed class ReplayDeliveries(WaMcpDbContext context, FindDelivery find, ListDeliveries list, FindClient clients, AuditedChange change)
{
    /// <summary>The most at once; what is left can be replayed by the next command.</summary>
    public const int Most = 10_000;

    /// <summary>How many are taken apart again, and whether there are more that fit.</summary>
    /// <param name="Deliveries">How many.</param>
    /// <param name="HasMore">Whether there were more than <see cref="Most"/>.</param>
    /// <param name="Next">Since when the rest came, if there is more: where the next command begins.</param>
    public sealed record Replay(int Deliveries, bool HasMore, DateTimeOffset? Next = null);

    /// <summary>One.</summary>
    /// <param name="reference">The delivery.</param>
    /// <param name="to">The client that alone gets it, however young its grant is: id or slug; null for everybody whose it was when it came.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<Replay> ExecuteAsync(string reference, string? to, CancellationToken cancellationToken)
    {
        var webhook = await find.ExecuteAsync(reference, cancellationToken);
        return await EnqueueAsync([(webhook.Id, webhook.ReceivedAt)], to, new() { ["event"] = webhook.Id.ToString() }, cancellationToken);
    }

    /// <summary>Many, the oldest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="to">The client that alone gets them; null for everybody whose they were when they came.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<Replay> ExecuteAsync(ListDeliveries.Filter filter, string? to, CancellationToken cancellationToken)
    {
        var found = await (await list.WhereAsync(filter, cancellationToken)).OrderBy(webhook => webhook.ReceivedAt).ThenBy(webhook => webhook.Id)
            .Select(webhook => new { webhook.Id, webhook.ReceivedAt }).Take(Most + 1).ToListAsync(cancellationToken);
        var facts = new JsonObject
        {
            ["outcome"] = filter.Outcome,
            ["channel"] = filter.Channel,
            ["since"] = filter.Since?.ToString("O"),
            ["until"] = filter.Until?.ToString("O"),
        };
        return await EnqueueAsync(found.ConvertAll(webhook => (webhook.Id, webhook.ReceivedAt)), to, facts, cancellationToken);
    }

    private async Task<Replay> EnqueueAsync(
        List<(WebhookEventId Id, DateTimeOffset ReceivedAt)> found, string? to, JsonObject facts, CancellationToken cancellationToken)
    {
        var client = to is null ? (ClientId?)null : (await clients.ExecuteAsync(to, cancellationToken)).Id;
        var hasMore = found.Count > Most;
        var subjects = found.Take(Most).Select(webhook => webhook.Id.Value).ToList();
        await context.Database.BeginTransactionAsync(cancellationToken); // saving ends it
        // What is about to be taken apart anyway, for the same, is left to that.
        var waiting = await context.Jobs.Where(job => job.Kind == JobKind.FanOut && job.DeadAt == null && job.ClientId == client && subjects.Contains(job.SubjectId))
            .Select(job => job.SubjectId).ToListAsync(cancellationToken);
        var jobs = subjects.Except(waiting).Select(subject => new NewJob(JobKind.FanOut, subject, client)).ToList();
        if (jobs.Count > 0)
        {
            await JobQueue.EnqueueAsync((NpgsqlConnection)context.Database.GetDbConnection(), jobs, cancellationToken);
        }

        facts["deliveries"] = jobs.Count;
        await change.SaveAsync(change.Row(AuditAction.InboundReplayed) with { ClientId = client }, facts, [], cancellationToken);
        return new Replay(jobs.Count, hasMore, hasMore ? found[Most].ReceivedAt : null);
    }
}
