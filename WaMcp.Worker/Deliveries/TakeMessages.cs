using Microsoft.EntityFrameworkCore;
using Npgsql;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Messages;

namespace WaMcp.Worker.Deliveries;

/// <summary>
/// The first step of a send: one client's claimed messages become <c>sending</c>, durable before anything leaves, with their places in the caps,
/// their pairs' tokens and their audit rows, in one transaction and few statements. What must not be sent ends here.
/// </summary>
/// <param name="context">The client's data.</param>
/// <param name="times">How much of a lease there must be left.</param>
/// <param name="clock">Stamps states and rows.</param>
internal sealed class TakeMessages(WaMcpDbContext context, LeaseTimes times, TimeProvider clock)
{
    /// <summary>Of a transaction whose owner froze in the middle, Postgres gives everybody else the rows back after that long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What became of a batch.</summary>
    /// <param name="Sendings">To be handed over.</param>
    /// <param name="Ended">Done, or back in the queue.</param>
    /// <param name="Lost">Somebody else has them.</param>
    /// <param name="Busy">Somebody has job or message locked at this moment: to be taken one by one, which waits.</param>
    /// <param name="Unready">Left as they are: their files have to be uploaded first.</param>
    public sealed record Taken(
        IReadOnlyList<Sending> Sendings,
        IReadOnlyList<Delivery> Ended,
        IReadOnlyList<Delivery> Lost,
        IReadOnlyList<Delivery> Busy,
        IReadOnlyList<Unready> Unready);

    private NpgsqlConnection Connection => (NpgsqlConnection)context.Database.GetDbConnection();

    /// <summary>Takes them, in the order in which they are given. Either all of the batch is in the database or nothing.</summary>
    /// <param name="deliveries">Claimed messages of the scope's client.</param>
    /// <param name="inDoubt">Those of which this worker does not know whether it has taken them; they have not left.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="CommitInDoubtException">The connection broke at the commit.</exception>
    public async Task<Taken> ExecuteAsync(
        IReadOnlyList<Delivery> deliveries, IReadOnlySet<JobId> inDoubt, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var alone = deliveries.Count == 1;
        var (held, locked) = await HeldJobs.HoldAsync(Connection, deliveries.Select(delivery => delivery.Job), Patience, wait: alone, cancellationToken);
        var messages = await context.LockAsync(
            deliveries.Where(delivery => held.ContainsKey(delivery.Job.Id)).Select(delivery => delivery.MessageId), wait: alone, cancellationToken);
        var ledger = new Ledger(clock.GetUtcNow());
        var (queued, ended, lost, busy) = (new List<(Delivery, Message)>(), new List<Delivery>(), new List<Delivery>(), new List<Delivery>());
        foreach (var delivery in deliveries)
        {
            var message = messages.GetValueOrDefault(delivery.MessageId);
            var isHeld = held.ContainsKey(delivery.Job.Id);
            if (locked.Contains(delivery.Job.Id) || (isHeld && message is null && !alone))
            {
                busy.Add(delivery);
            }
            else if (!isHeld)
            {
                lost.Add(delivery);
            }
            else if (message is { State: MessageState.Queued } || (message is { State: MessageState.Sending } && inDoubt.Contains(delivery.Job.Id)))
            {
                queued.Add((delivery, message));
            }
            else
            {
                Close(ledger, delivery.Job, message);
                ended.Add(delivery);
            }
        }

        var unready = new List<Unready>();
        var sendings = queued.Count == 0 ? [] : await SendAsync(ledger, queued, held, ended, unready, cancellationToken);
        await ledger.WriteAsync(Connection, cancellationToken);
        try
        {
            await transaction.CommitAsync(cancellationToken);
        }
        catch (Exception exception) when (sendings.Count > 0)
        {
            throw new CommitInDoubtException([.. sendings.Select(sending => sending.Delivery.Job.Id)], exception);
        }

        return new(sendings, ended, lost, busy, unready);
    }

    // Somebody took the message before: it is settled, or its outcome is unknown.
    private static void Close(Ledger ledger, Job job, Message? message)
    {
        if (message is { State: MessageState.Sending })
        {
            ledger.Doubt(message, "The worker stopped while the message was on its way.");
        }
        else if (message is not null)
        {
            ledger.AuditEnd(message);
        }

        ledger.Complete(job, message);
    }

    private async Task<List<Sending>> SendAsync(
        Ledger ledger,
        List<(Delivery, Message)> queued,
        IReadOnlyDictionary<JobId, TimeSpan> held,
        List<Delivery> ended,
        List<Unready> unready,
        CancellationToken cancellationToken)
    {
        var (now, taken) = (clock.GetUtcNow(), clock.GetTimestamp());
        var facts = await DeliveryFacts.ReadAsync(context, [.. queued.Select(pair => pair.Item2)], now, cancellationToken);
        var may = new List<(Delivery Delivery, Message Message, MessageContent Content, SendingCap[] Caps)>();
        var sendings = new List<Sending>();
        foreach (var (delivery, message) in queued)
        {
            var content = MessageContent.TryFromJson(message.Raw);
            if (message.State == MessageState.Sending)
            {
                Add(delivery, message, content!, facts.Caps(message)); // it was taken after all, with everything that belongs to it
                continue;
            }

            if (facts.Channel(message).StoppedReason is { } stopped)
            {
                ledger.Return(delivery.Job, TimeSpan.Zero, stopped, counts: false); // it stopped since the job was claimed
            }
            else if (held[delivery.Job.Id] is { Ticks: > 0 } wait)
            {
                ledger.Return(delivery.Job, wait, "pair_pace", counts: false);
            }
            else if (facts.Refusal(message, content) is { } refusal)
            {
                ledger.Fail(message, refusal.Code, refusal.Text);
                ledger.Complete(delivery.Job, message);
            }
            else if (facts.Media(message).Where(file => file.Value is null).Select(file => file.Key).ToList() is { Count: > 0 } missing)
            {
                unready.Add(new(delivery, facts.Channel(message), missing));
                continue;
            }
            else
            {
                may.Add((delivery, message, content!, [.. facts.Caps(message)]));
                continue;
            }

            ended.Add(delivery);
        }

        var pairs = new HashSet<ConversationId>();
        var caps = await SendingCaps.LockAsync(Connection, may.SelectMany(each => each.Caps), now, cancellationToken);
        foreach (var (delivery, message, content, ofMessage) in may)
        {
            if (caps.Take(ofMessage) is { } full)
            {
                ledger.Fail(message, full.Code, full.Text);
                ledger.Complete(delivery.Job, message);
                ended.Add(delivery);
                continue;
            }

            message.MoveTo(MessageState.Sending, now);
            ledger.Keep(message);
            ledger.Audit(message, AuditAction.SendAttempt);
            pairs.Add(message.ConversationId);
            Add(delivery, message, content, ofMessage);
        }

        await caps.WriteAsync(Connection, now, cancellationToken);
        await PacePairsAsync(pairs, cancellationToken);
        await HeldJobs.RenewAsync(Connection, [.. sendings.Select(sending => sending.Delivery.Job)], times.Lease, times.Lease - times.Slack, cancellationToken);
        return sendings;

        void Add(Delivery delivery, Message message, MessageContent content, IEnumerable<SendingCap> ofMessage) => sendings.Add(new(
            delivery,
            message,
            content,
            facts.Channel(message),
            facts.Contact(message),
            facts.Media(message).ToDictionary(file => file.Key, file => file.Value!),
            [.. ofMessage.Select(cap => cap.Subject)],
            now,
            taken));
    }

    private async Task PacePairsAsync(IReadOnlyCollection<ConversationId> pairs, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pace_pairs($1)", Connection);
        command.Parameters.AddWithValue(pairs.Select(pair => pair.Value).ToArray());
        await command.PrepareAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
