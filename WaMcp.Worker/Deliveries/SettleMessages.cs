using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Limits;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Worker.Inbound;

namespace WaMcp.Worker.Deliveries;

/// <summary>
/// The third step of a send: what became of one client's messages that were handed over, in one transaction and few statements. Whose lease ran
/// out meanwhile is left as its rescuer left it.
/// </summary>
/// <param name="context">The client's data.</param>
/// <param name="stop">Stops a number that the provider refuses.</param>
/// <param name="contacts">Learns who wants no more marketing.</param>
/// <param name="early">Statuses that were faster than the answer.</param>
/// <param name="bell">Wakes those who tell endpoints.</param>
/// <param name="clock">Stamps states and rows.</param>
/// <param name="logger">Alerts when a channel pauses.</param>
internal sealed partial class SettleMessages(
    WaMcpDbContext context, StopChannel stop, ContactBook contacts, EarlyStatuses early, InboundBell bell, TimeProvider clock, ILogger<SettleMessages> logger)
{
    private const string LearnSql =
        """
        WITH locked AS MATERIALIZED (SELECT id FROM contacts WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE)
        UPDATE contacts SET provider_user_id = told.id
        FROM (SELECT DISTINCT ON (row.id) contact, row.id FROM unnest($1, $2) AS row (contact, id) JOIN locked ON locked.id = contact) told
        WHERE contacts.id = told.contact AND provider_user_id IS NULL AND erased_at IS NULL AND (
            SELECT count(*) FROM contacts other WHERE other.channel_id = contacts.channel_id AND other.client_id = contacts.client_id
                AND other.provider_user_id = told.id) = 0 -- looked up one by one, where NOT EXISTS may read all contacts there are
        """;

    /// <summary>What became of a batch.</summary>
    /// <param name="Ended">Settled, or back in the queue.</param>
    /// <param name="Lost">Somebody else has them.</param>
    /// <param name="Busy">Somebody has job or message locked at this moment: to be settled one by one, which waits.</param>
    public sealed record Settled(IReadOnlyList<Sent> Ended, IReadOnlyList<Sent> Lost, IReadOnlyList<Sent> Busy);

    private readonly List<(string, DateTimeOffset)> givenBack = [];
    private readonly Dictionary<ChannelId, SendOutcome.Stopped> stops = [];
    private readonly Dictionary<ChannelId, (TimeSpan Wait, string Code)> pauses = [];
    private readonly Dictionary<ConversationId, TimeSpan> pairs = [];
    private readonly HashSet<ContactId> optedOut = [];
    private readonly List<MediaUploadId> forgotten = [];

    private NpgsqlConnection Connection => (NpgsqlConnection)context.Database.GetDbConnection();

    /// <summary>Settles them. Either all of the batch is in the database or nothing. For one batch only.</summary>
    public async Task<Settled> ExecuteAsync(IReadOnlyList<Sent> batch, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var (held, locked) = await HeldJobs.HoldAsync(
            Connection, batch.Select(sent => sent.Sending.Delivery.Job), TakeMessages.Patience, wait: batch.Count == 1, cancellationToken);
        var mine = batch.Where(sent => held.ContainsKey(sent.Sending.Delivery.Job.Id)).ToList();
        var busy = batch.Where(sent => locked.Contains(sent.Sending.Delivery.Job.Id)).ToList();
        var lost = batch.Except(mine).Except(busy).ToList();
        var messages = await context.LockAsync(mine.Select(sent => sent.Sending.Message.Id), wait: batch.Count == 1, cancellationToken);
        var ledger = new Ledger(clock.GetUtcNow());
        var ended = new List<Sent>();
        foreach (var sent in mine)
        {
            if (messages.TryGetValue(sent.Sending.Message.Id, out var message))
            {
                Record(ledger, sent, message);
                ended.Add(sent);
            }
            else
            {
                busy.Add(batch.Count > 1 ? sent : throw new InvalidOperationException("A message that was being sent is gone."));
            }
        }

        await WriteAsync(ledger, cancellationToken);
        var hasEndpoints = batch.Any(sent => sent.Outcome is SendOutcome.Accepted or SendOutcome.Refused) && await context.Endpoints.AnyAsync(endpoint => endpoint.DisabledAt == null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (hasEndpoints)
        {
            bell.Ring([], JobKind.Notify); // they are told that it was sent, or failed
        }

        return new(ended, lost, busy);
    }

    /// <summary>
    /// Notes what the provider told of people: their ids (a number can change hands, the id cannot, so it is worth knowing at once), and who wants no
    /// more marketing; and applies statuses that were waiting for the messages' ids. Not part of the outcome: if it fails, it is told again, or looked
    /// for. After it, because whoever holds a message must not wait for a contact.
    /// </summary>
    public async Task LearnAsync(IReadOnlyList<Sent> batch, CancellationToken cancellationToken)
    {
        foreach (var contact in optedOut)
        {
            await contacts.PreferAsync(contact, stopsMarketing: true, clock.GetUtcNow(), cancellationToken);
        }

        List<string> accepted = [.. batch.Select(sent => sent.Outcome).OfType<SendOutcome.Accepted>().Select(outcome => outcome.ProviderMessageId)];
        if (accepted.Count > 0)
        {
            await early.ApplyAsync(accepted, cancellationToken);
        }

        var told = batch
            .Where(sent => sent.Sending.Contact.ProviderUserId is null && sent.Outcome is SendOutcome.Accepted { ProviderUserId: not null })
            .Select(sent => (Contact: sent.Sending.Contact.Id.Value, User: ((SendOutcome.Accepted)sent.Outcome).ProviderUserId!))
            .ToList();
        if (told.Count > 0)
        {
            await context.Database.OpenConnectionAsync(cancellationToken);
            await using var learn = new NpgsqlBatch(Connection);
            learn.BatchCommands.Add(new($"SELECT {JobQueue.ByIndex}"));
            learn.BatchCommands.Add(new(LearnSql)
            {
                Parameters = { new() { Value = told.Select(each => each.Contact).ToArray() }, new() { Value = told.Select(each => each.User).ToArray() } },
            });
            await learn.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private void Record(Ledger ledger, Sent sent, Message message)
    {
        var (sending, job) = (sent.Sending, sent.Sending.Delivery.Job);
        switch (sent.Outcome)
        {
            case SendOutcome.Accepted accepted:
                message.ProviderMessageId ??= accepted.ProviderMessageId;
                message.MoveTo(MessageState.Sent, clock.GetUtcNow()); // no move when the status was faster
                ledger.Audit(message, AuditAction.SendSuccess);
                ledger.Complete(job, message);
                break;
            case SendOutcome.Postponed postponed when postponed.WaitAfter(job.Attempts) is { } wait:
                Requeue(ledger, sending, message, postponed.Code);
                ledger.Return(job, wait, postponed.Code, counts: true);
                Hold(message, postponed, wait);
                break;
            case SendOutcome.NotSent late:
                Requeue(ledger, sending, message, late.Code);
                ledger.Return(job, TimeSpan.Zero, late.Code, counts: false);
                break;
            case SendOutcome.Stopped stopped:
                Requeue(ledger, sending, message, stopped.Code);
                ledger.Return(job, TimeSpan.Zero, stopped.Code, counts: false);
                stops.TryAdd(message.ChannelId, stopped);
                break;
            case SendOutcome.Unknown unknown:
                ledger.Doubt(message, unknown.Text);
                ledger.Complete(job, message);
                break;
            case SendOutcome.Refused { MediaInDoubt: true } doubtful when OlderCopies(sending) is { Count: > 0 } old:
                Requeue(ledger, sending, message, doubtful.Code);
                ledger.Return(job, TimeSpan.Zero, doubtful.Code, counts: true); // two machines' clocks are compared: not for ever
                forgotten.AddRange(old);
                break;
            default:
                var refused = sent.Outcome as SendOutcome.Refused ?? GivenUp((SendOutcome.Postponed)sent.Outcome);
                ledger.Fail(message, refused.Code, refused.Text);
                ledger.Complete(job, message);
                GiveBack(sending);
                if (refused.OptedOut)
                {
                    optedOut.Add(message.ContactId);
                }

                break;
        }
    }

    // The provider may have forgotten what it was given for an earlier message; what it got for this one it had a moment ago. So each file is
    // uploaded again once at most.
    private static List<MediaUploadId> OlderCopies(Sending sending) =>
        [.. sending.Media.Values.Where(upload => upload.CreatedAt < sending.Message.CreatedAt).Select(upload => upload.Id)];

    private static SendOutcome.Refused GivenUp(SendOutcome.Postponed postponed) => new(postponed.Code, postponed.Text);

    private void Requeue(Ledger ledger, Sending sending, Message message, string reason)
    {
        message.MoveTo(MessageState.Queued, clock.GetUtcNow());
        ledger.Keep(message);
        ledger.Audit(message, AuditAction.SendFailed, reason);
        GiveBack(sending);
    }

    private void GiveBack(Sending sending) => givenBack.AddRange(sending.Caps.Select(subject => (subject, sending.TakenAt)));

    private void Hold(Message message, SendOutcome.Postponed postponed, TimeSpan wait)
    {
        if (postponed.WholePair)
        {
            pairs[message.ConversationId] = wait;
        }

        if (postponed.WholeNumber && (!pauses.TryGetValue(message.ChannelId, out var pause) || pause.Wait < wait))
        {
            pauses[message.ChannelId] = (wait, postponed.Code);
        }
    }

    private async Task WriteAsync(Ledger ledger, CancellationToken cancellationToken)
    {
        if (givenBack.Count > 0)
        {
            await DailyCap.GiveBackAsync(Connection, givenBack, cancellationToken);
        }

        if (pairs.Count > 0)
        {
            await HoldPairsAsync(cancellationToken);
        }

        foreach (var (channel, (wait, code)) in pauses.OrderBy(pause => pause.Key.Value))
        {
            await HeldJobs.PauseAsync(Connection, channel, wait, cancellationToken);
            LogPaused(channel, code, wait);
        }

        foreach (var (channel, stopped) in stops.OrderBy(stop => stop.Key.Value))
        {
            await stop.ExecuteAsync(channel, stopped.Code, stopped.Text, cancellationToken);
        }

        if (forgotten.Count > 0)
        {
            await context.MediaUploads.Where(upload => forgotten.Contains(upload.Id)).ExecuteDeleteAsync(cancellationToken);
        }

        await ledger.WriteAsync(Connection, cancellationToken);
    }

    private async Task HoldPairsAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT hold_pairs($1, $2)", Connection);
        command.Parameters.AddWithValue(pairs.Keys.Select(pair => pair.Value).ToArray());
        command.Parameters.Add(new() { Value = pairs.Values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Interval });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Channel} sends nothing for {Pause} ({Reason}).")]
    private partial void LogPaused(ChannelId channel, string reason, TimeSpan pause);
}
