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
/// <param name="clock">Stamps states and rows.</param>
internal sealed class TakeMessages(WaMcpDbContext context, TimeProvider clock)
{
    /// <summary>Of a transaction whose owner froze in the middle, Postgres gives everybody else the rows back after that long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What became of a batch.</summary>
    /// <param name="Sendings">To be handed over.</param>
    /// <param name="Ended">Done, or back in the queue.</param>
    /// <param name="Lost">Somebody else has them.</param>
    /// <param name="Busy">Somebody has the message locked at this moment: to be taken one by one, which waits.</param>
    /// <param name="Unready">Left as they are: their files have to be uploaded first.</param>
    public sealed record Taken(
        IReadOnlyList<Sending> Sendings,
        IReadOnlyList<Delivery> Ended,
        IReadOnlyList<Delivery> Lost,
        IReadOnlyList<Delivery> Busy,
        IReadOnlyList<Unready> Unready);

    private NpgsqlConnection Connection => (NpgsqlConnection)context.Database.GetDbConnection();

    /// <summary>Takes them, in the order in which they are given. Either all of the batch is in the database or nothing.</summary>
    public async Task<Taken> ExecuteAsync(IReadOnlyList<Delivery> deliveries, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var held = await HeldJobs.HoldAsync(Connection, deliveries.Select(delivery => delivery.Job), Patience, cancellationToken);
        var alone = deliveries.Count == 1;
        var messages = await context.LockAsync(
            deliveries.Where(delivery => held.ContainsKey(delivery.Job.Id)).Select(delivery => delivery.MessageId), wait: alone, cancellationToken);
        var ledger = new Ledger(clock.GetUtcNow());
        var (queued, ended, lost, busy) = (new List<(Delivery, Message)>(), new List<Delivery>(), new List<Delivery>(), new List<Delivery>());
        foreach (var delivery in deliveries)
        {
            var message = messages.GetValueOrDefault(delivery.MessageId);
            if (!held.ContainsKey(delivery.Job.Id))
            {
                lost.Add(delivery);
            }
            else if (message is null && !alone)
            {
                busy.Add(delivery);
            }
            else if (message is { State: MessageState.Queued })
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
        await transaction.CommitAsync(cancellationToken);
        return new(sendings, ended, lost, busy, unready);
    }

    // Somebody took the message before: it is settled, or its outcome is unknown.
    private static void Close(Ledger ledger, Job job, Message? message)
    {
        if (message is { State: MessageState.Sending })
        {
            ledger.Doubt(message, "The worker stopped while the message was on its way.");
        }
        else if (message is { State: MessageState.Cancelled })
        {
            ledger.Audit(message, AuditAction.SendFailed, "cancelled");
        }

        ledger.Complete(job, message);
    }

    private async Task<List<Sending>> SendAsync(
        Ledger ledger,
        List<(Delivery, Message)> queued,
        Dictionary<JobId, TimeSpan> held,
        List<Delivery> ended,
        List<Unready> unready,
        CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var facts = await DeliveryFacts.ReadAsync(context, [.. queued.Select(pair => pair.Item2)], now, cancellationToken);
        var may = new List<(Delivery Delivery, Message Message, MessageContent Content, SendingCap[] Caps)>();
        foreach (var (delivery, message) in queued)
        {
            var content = MessageContent.TryFromJson(message.Raw);
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

        var caps = await SendingCaps.LockAsync(Connection, may.SelectMany(each => each.Caps), now, cancellationToken);
        var sendings = new List<Sending>();
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
            var media = facts.Media(message).ToDictionary(file => file.Key, file => file.Value!);
            sendings.Add(new(
                delivery, message, content, facts.Channel(message), facts.Contact(message), media, [.. ofMessage.Select(cap => cap.Subject)], now));
        }

        await caps.WriteAsync(Connection, now, cancellationToken);
        await PacePairsAsync(sendings.Select(sending => sending.Message.ConversationId), cancellationToken);
        return sendings;
    }

    private async Task PacePairsAsync(IEnumerable<ConversationId> pairs, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pace_pairs($1)", Connection);
        command.Parameters.AddWithValue(pairs.Select(pair => pair.Value).Distinct().ToArray());
        await command.PrepareAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
