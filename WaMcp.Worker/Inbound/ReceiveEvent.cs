using System.Diagnostics;
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

/// <summary>Records, in one client's scope, what deliveries say about one channel.</summary>
/// <remarks>
/// In whatever order deliveries come, and however often, the end is the same: who is who comes first, then what they wrote, then what they
/// changed of it, then what became of our messages. Several short ones are recorded in one transaction, a long one in several, so that nobody waits
/// long for anybody in it; what is recorded already is recognised when it is tried again. In each of them locks are taken in one order (contacts,
/// conversations, jobs, messages), so that two workers do not wait for each other.
/// </remarks>
/// <param name="context">The client's data.</param>
/// <param name="deliveries">Loads deliveries.</param>
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
    LoadDeliveries deliveries,
    IEnumerable<IChannel> channels,
    ContactBook contacts,
    RecordInbound inbound,
    RecordStatus status,
    EarlyStatuses early,
    RequestFiles files,
    InboundBell bell,
    JobQueue queue,
    IOptions<JobOptions> options,
    TimeProvider clock) : IBatchHandler
{
    /// <summary>Updates that are recorded in one transaction.</summary>
    public const int MostAtOnce = 50;

    private const string UnknownMessage = "unknown_message";

    public JobKind Kind => JobKind.Receive;

    public Task HandleAsync(Job job, CancellationToken cancellationToken) => HandleAsync([job], cancellationToken);

    public async Task<int> HandleAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        await context.Database.OpenConnectionAsync(cancellationToken); // once, so that it is said once whose it is
        var target = await TargetAsync(jobs[0], cancellationToken);
        var parts = new List<Part>();
        var count = 0;
        foreach (var (job, delivery) in await deliveries.ExecuteAsync(jobs, cancellationToken))
        {
            var part = new Part(job, delivery, UpdatesOf(delivery, target.Channel));
            count += part.Updates.Length;
            if (parts.Count > 0 && count > MostAtOnce)
            {
                break;
            }

            parts.Add(part);
        }

        if (parts[0].Updates.Length > MostAtOnce)
        {
            await RecordLongAsync(parts[0], target, cancellationToken);
        }
        else
        {
            await RetryAsync(parts, target, isLast: true, cancellationToken);
        }

        return parts.Count;
    }

    private async Task RecordLongAsync(Part part, Target target, CancellationToken cancellationToken)
    {
        var pieces = part.Updates.Chunk(MostAtOnce).ToList();
        foreach (var (place, piece) in pieces.Index())
        {
            var isLast = place == pieces.Count - 1;
            if (!isLast)
            {
                await queue.ExtendAsync(part.Job, options.Value.Lease, cancellationToken);
            }

            if (place > 0)
            {
                target = await TargetAsync(part.Job, cancellationToken);
            }

            if (!await RetryAsync([part with { Updates = piece }], target, isLast, cancellationToken))
            {
                return; // the grant was revoked
            }
        }
    }

    private Task<bool> RetryAsync(IReadOnlyList<Part> parts, Target target, bool isLast, CancellationToken cancellationToken)
    {
        var attempt = 0;
        return Collision.RetryAsync(
            context,
            async () => await RecordAsync(parts, attempt++ == 0 ? target : await TargetAsync(parts[0].Job, cancellationToken), isLast, cancellationToken));
    }

    // The grant counts now, not when the delivery came: after a revocation nothing more is handed over.
    private Task<Target> TargetAsync(Job job, CancellationToken cancellationToken) =>
        context.Channels.AsNoTracking().Where(channel => channel.Id == job.ChannelId).Select(channel => new Target(
            channel,
            context.Grants.Any(grant => grant.ClientId == job.ClientId && grant.ChannelId == channel.Id && grant.RevokedAt == null),
            context.Endpoints.Any(endpoint => endpoint.DisabledAt == null))).SingleAsync(cancellationToken);

    private object[] UpdatesOf(WebhookEvent delivery, Channel channel) => InOrder(
        channels.Single(candidate => candidate.Kind == channel.Kind)
            .Understand(delivery.Body).Channels
            .Where(update => update.ProviderId == channel.ProviderId)
            .Select(update => update.At(delivery.ReceivedAt))
            .ToList());

    private async Task<bool> RecordAsync(IReadOnlyList<Part> parts, Target target, bool isLast, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        if (isLast || !target.IsGranted)
        {
            await HeldJobs.CompleteAsync(connection, [.. parts.Select(part => part.Job)], LockPatience.Of(parts.Count), cancellationToken);
        }

        (var unknown, JobKind[] came) = (0, []);
        if (target.IsGranted)
        {
            (unknown, came) = await RecordAsync(parts, target, connection, cancellationToken);
        }
        else
        {
            foreach (var part in parts.OrderBy(part => part.Job.SubjectId))
            {
                await EndPart.AsAsync(connection, part.Job.SubjectId, DeliveryOutcome.NoGrant, cancellationToken);
            }
        }

        await transaction.CommitAsync(cancellationToken);
        var rings = inbound.TakeRings();
        bell.Ring(contacts.HasLearned ? [.. rings, InboundWatch.Key(parts[0].Job.ClientId!.Value, target.Channel.Id)] : rings, came);
        if (unknown > 0)
        {
            WaMcpTelemetry.DeliveryEnded(target.Channel.Kind.ToString(), UnknownMessage, unknown);
        }

        return target.IsGranted;
    }

    private async Task<(int Unknown, JobKind[] Jobs)> RecordAsync(
        IReadOnlyList<Part> parts, Target target, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var channelId = target.Channel.Id;
        var updates = parts.SelectMany(part => part.Updates).ToList();
        var told = updates.OfType<StatusUpdate>().ToList();
        var about = await status.FindAsync(channelId, told, cancellationToken);
        await contacts.LockAsync(
            channelId,
            [.. updates.SelectMany(PeopleOf), .. about.Select(each => each.Teaches).OfType<PersonIds>()],
            [.. about.Select(each => each.Contact)],
            cancellationToken);
        foreach (var change in updates.OfType<IdentityChange>().OrderBy(change => change.At))
        {
            await contacts.ChangeAsync(channelId, change, cancellationToken);
        }

        var known = await inbound.KnownAsync(channelId, [.. updates.Select(MessageOf).OfType<string>().Distinct()], cancellationToken);
        var met = await MeetAsync(channelId, updates, about, known, cancellationToken);
        var hasFiles = false;
        foreach (var part in parts)
        {
            part.Messages = 0;
            using var activity = InTraceOf(part, part.Updates.OfType<InboundMessage>());
            foreach (var message in part.Updates.OfType<InboundMessage>().Where(message => known.GetValueOrDefault(message.ProviderMessageId) is not { IsDone: true }))
            {
                part.Messages += await inbound.ExecuteAsync(channelId, message, WriterOf(message), part.Delivery.RequestId, cancellationToken) ? 1 : 0;
            }
        }

        foreach (var part in parts)
        {
            part.Changes = 0;
            using var activity = InTraceOf(part, part.Updates.OfType<MessageChange>());
            foreach (var change in part.Updates.OfType<MessageChange>())
            {
                part.Changes += await inbound.ExecuteAsync(channelId, change, WriterOf(change), part.Delivery.RequestId, cancellationToken) ? 1 : 0;
            }
        }

        await status.ApplyAsync(channelId, about, cancellationToken);
        foreach (var preference in updates.OfType<PreferenceUpdate>())
        {
            await contacts.PreferAsync(met[preference], preference.StopsMarketing, preference.At, cancellationToken);
        }

        foreach (var part in parts)
        {
            List<InboundMessage> messages = [.. part.Updates.OfType<InboundMessage>()];
            using var activity = InTraceOf(part, messages.Where(RequestFiles.HasFile));
            hasFiles |= await files.ExecuteAsync(channelId, messages, [.. part.Updates.OfType<MessageChange>()], cancellationToken);
        }

        // One with our own id is another client's when it is not this one's; of the others nobody knows yet.
        var found = about.Select(each => each.Status).ToHashSet();
        var unknown = told.Where(update => !found.Contains(update) && update is { MessageId: null, State: not null }).Distinct().ToList();
        await AuditTable.WriteAsync(connection, [.. parts.Select(part => RowOf(part, part.Updates.OfType<StatusUpdate>().Count(found.Contains)))], cancellationToken);
        await early.KeepAsync(channelId, unknown, cancellationToken);
        return (unknown.Count, [.. Only(JobKind.FetchMedia, hasFiles), .. Only(JobKind.Notify, target.HasEndpoints)]);

        static JobKind[] Only(JobKind kind, bool hasCome) => hasCome ? [kind] : [];

        ContactId? WriterOf(object update) => met.TryGetValue(update, out var writer) ? writer : null;
    }

    // What is recorded for one of several parts belongs to that one's trace.
    private static Activity? InTraceOf(Part part, IEnumerable<object> what) =>
        what.Any() ? WaMcpTelemetry.StartFrom(part.Job.TraceParent, "record", ActivityKind.Internal) : null;

    private AuditRecord RowOf(Part part, int statuses) => new()
    {
        Action = AuditAction.WebhookProcessed,
        Ts = clock.GetUtcNow(),
        ClientId = part.Job.ClientId,
        ChannelId = part.Job.ChannelId,
        RequestId = part.Delivery.RequestId,
        Metadata = new JsonObject { ["messages"] = part.Messages, ["changes"] = part.Changes, ["statuses"] = statuses }.ToJsonString(),
    };

    // Whoever wrote what is known already is not met again, or a delivery that comes twice would bring back somebody who was erased.
    private async Task<Dictionary<object, ContactId>> MeetAsync(
        ChannelId channel,
        IReadOnlyList<object> updates,
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

    private static object[] InOrder(IReadOnlyCollection<ChannelUpdates> updates) =>
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

    private sealed record Target(Channel Channel, bool IsGranted, bool HasEndpoints);

    // One delivery, and what came of it so far.
    private sealed record Part(Job Job, WebhookEvent Delivery, object[] Updates)
    {
        public int Messages { get; set; }

        public int Changes { get; set; }
    }
}
