using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using WaMcp.Domain;
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

/// <summary>Records, in one client's scope, what a delivery says about one channel.</summary>
/// <remarks>
/// In whatever order deliveries come, and however often, the end is the same: who is who comes first, then what they wrote, then what they
/// changed of it, then what became of our messages. A long part is recorded in several transactions, so that nobody waits long for anybody in it;
/// what is recorded already is recognised when it is tried again. In each of them locks are taken in one order (contacts, conversations, jobs,
/// messages), so that two workers do not wait for each other.
/// </remarks>
/// <param name="context">The client's data.</param>
/// <param name="channels">Understand their provider's deliveries.</param>
/// <param name="contacts">Knows who is who.</param>
/// <param name="inbound">Records messages.</param>
/// <param name="status">Records statuses.</param>
/// <param name="early">Keeps statuses of messages that are not known yet.</param>
/// <param name="files">Has files fetched.</param>
/// <param name="bell">Tells whoever waits for a reply.</param>
/// <param name="queue">Keeps a job that takes long.</param>
/// <param name="options">For how long.</param>
/// <param name="clock">Stamps the audit rows.</param>
internal sealed class ReceiveEvent(
    WaMcpDbContext context,
    IEnumerable<IChannel> channels,
    ContactBook contacts,
    RecordInbound inbound,
    RecordStatus status,
    EarlyStatuses early,
    RequestFiles files,
    InboundBell bell,
    JobQueue queue,
    IOptions<JobOptions> options,
    TimeProvider clock) : IJobHandler
{
    /// <summary>Updates that are recorded in one transaction.</summary>
    public const int MostAtOnce = 50;

    private const string UnknownMessage = "unknown_message";

    public JobKind Kind => JobKind.Receive;

    public async Task HandleAsync(Job job, CancellationToken cancellationToken)
    {
        await context.Database.OpenConnectionAsync(cancellationToken); // once, and its client is said once
        var (eventId, channelId) = (new WebhookEventId(job.SubjectId), job.ChannelId!.Value);
        var webhook = await context.WebhookEvents.AsNoTracking().SingleAsync(candidate => candidate.Id == eventId, cancellationToken);
        var channel = await context.Channels.AsNoTracking().SingleAsync(candidate => candidate.Id == channelId, cancellationToken);
        var updates = InOrder(channels.Single(candidate => candidate.Kind == channel.Kind)
            .Understand(webhook.Body).Channels
            .Where(update => update.ProviderId == channel.ProviderId)
            .Select(update => update.At(webhook.ReceivedAt))
            .ToList());
        var parts = updates.Chunk(MostAtOnce).DefaultIfEmpty([]).ToList();
        foreach (var (place, some) in parts.Index())
        {
            var isLast = place == parts.Count - 1;
            if (!isLast)
            {
                await queue.ExtendAsync(job, options.Value.Lease, cancellationToken);
            }

            if (!await Collision.RetryAsync(context, () => RecordAsync(job, webhook, channel, some, isLast, cancellationToken)))
            {
                return; // the grant was revoked
            }
        }
    }

    private async Task<bool> RecordAsync(Job job, WebhookEvent webhook, Channel channel, object[] updates, bool isLast, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();

        // The grant counts now, not when the delivery came: after a revocation nothing more is handed over.
        var granted = await context.Grants.AnyAsync(
            grant => grant.ClientId == job.ClientId && grant.ChannelId == job.ChannelId && grant.RevokedAt == null, cancellationToken);
        if (isLast || !granted)
        {
            await JobQueue.CompleteAsync(connection, job, cancellationToken);
        }

        var (unknown, hasJobs) = (0, false);
        if (granted)
        {
            (unknown, hasJobs) = await RecordAsync(job, webhook, channel.Id, updates, connection, cancellationToken);
        }
        else
        {
            await EndPart.AsAsync(connection, job.SubjectId, DeliveryOutcome.NoGrant, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        var rings = inbound.TakeRings();
        bell.Ring(contacts.HasLearned ? [.. rings, InboundWatch.Key(job.ClientId!.Value, channel.Id)] : rings, hasJobs);
        if (unknown > 0)
        {
            WaMcpTelemetry.DeliveryEnded(channel.Kind.ToString(), UnknownMessage, unknown);
        }

        return granted;
    }

    private async Task<(int Unknown, bool HasJobs)> RecordAsync(
        Job job, WebhookEvent webhook, ChannelId channelId, object[] updates, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var told = updates.OfType<StatusUpdate>().ToList();
        var about = await status.FindAsync(channelId, told, cancellationToken);
        await contacts.LockAsync(
            channelId,
            [.. updates.SelectMany(PeopleOf), .. about.Select(each => each.Teaches).OfType<PersonIds>()],
            [.. about.Select(each => each.Contact)],
            cancellationToken);
        foreach (var change in updates.OfType<IdentityChange>())
        {
            await contacts.ChangeAsync(channelId, change, cancellationToken);
        }

        var known = await inbound.KnownAsync(channelId, [.. updates.Select(MessageOf).OfType<string>().Distinct()], cancellationToken);
        var met = await MeetAsync(channelId, updates, about, known, cancellationToken);
        var (messages, changes) = (0, 0);
        foreach (var message in updates.OfType<InboundMessage>().Where(message => known.GetValueOrDefault(message.ProviderMessageId) is not { IsDone: true }))
        {
            messages += await inbound.ExecuteAsync(channelId, message, met.TryGetValue(message, out var writer) ? writer : null, webhook.RequestId, cancellationToken) ? 1 : 0;
        }

        foreach (var change in updates.OfType<MessageChange>())
        {
            changes += await inbound.ExecuteAsync(channelId, change, met.TryGetValue(change, out var writer) ? writer : null, webhook.RequestId, cancellationToken) ? 1 : 0;
        }

        var statuses = await status.ApplyAsync(channelId, about, cancellationToken);
        foreach (var preference in updates.OfType<PreferenceUpdate>())
        {
            await contacts.PreferAsync(met[preference], preference.StopsMarketing, preference.At, cancellationToken);
        }

        var hasJobs = await files.ExecuteAsync(channelId, [.. updates.OfType<InboundMessage>()], [.. updates.OfType<MessageChange>()], cancellationToken)
            || await context.Endpoints.AnyAsync(endpoint => endpoint.DisabledAt == null, cancellationToken);

        // One with our own id is another client's when it is not this one's; of the others nobody knows yet.
        var unknown = told.Except(about.Select(each => each.Status)).Where(update => update is { MessageId: null, State: not null }).ToList();
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
        await early.KeepAsync(channelId, unknown, cancellationToken);
        return (unknown.Count, hasJobs);
    }

    // Whoever wrote what is known already is not met again, or a delivery that comes twice would bring back somebody who was erased.
    private async Task<Dictionary<object, ContactId>> MeetAsync(
        ChannelId channel,
        object[] updates,
        IReadOnlyList<RecordStatus.About> about,
        IReadOnlyDictionary<string, RecordInbound.Known> known,
        CancellationToken cancellationToken)
    {
        var people = new List<(object Told, PersonIds Person, DateTimeOffset At)>();
        foreach (var update in updates)
        {
            switch (update)
            {
                case InboundMessage message when known.GetValueOrDefault(message.ProviderMessageId) is null or { IsDone: false, IsEmptied: false }:
                    people.Add((message, message.Person, message.WrittenAt));
                    break;
                case MessageChange change when !known.ContainsKey(change.ProviderMessageId):
                    people.Add((change, change.Person, change.At));
                    break;
                case PreferenceUpdate preference:
                    people.Add((preference, preference.Person, preference.At));
                    break;
            }
        }

        people.AddRange(about.Where(each => each.Teaches is not null).Select(each => ((object)each, each.Teaches!, each.Status.At)));
        var met = await contacts.MeetAsync(channel, people.ConvertAll(each => (each.Person, each.At)), cancellationToken);
        return people.Zip(met).DistinctBy(pair => pair.First.Told).ToDictionary(pair => pair.First.Told, pair => pair.Second);
    }

    private static List<object> InOrder(IReadOnlyCollection<ChannelUpdates> updates) =>
    [
        .. updates.SelectMany(update => update.Identities).OrderBy(change => change.At),
        .. updates.SelectMany(update => update.Messages),
        .. updates.SelectMany(update => update.Changes),
        .. updates.SelectMany(update => update.Statuses),
        .. updates.SelectMany(update => update.Preferences),
    ];

    private static IEnumerable<PersonIds> PeopleOf(object update) => update switch
    {
        IdentityChange change => [change.Before, change.After],
        InboundMessage message => [message.Person],
        MessageChange change => [change.Person],
        PreferenceUpdate preference => [preference.Person],
        _ => [],
    };

    private static string? MessageOf(object update) => update switch
    {
        InboundMessage message => message.ProviderMessageId,
        MessageChange change => change.ProviderMessageId,
        _ => null,
    };
}
