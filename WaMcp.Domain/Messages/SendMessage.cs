using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Media;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>Accepts a message: the record and the job that sends it are durable together before anybody is told its id.</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="contacts">Finds the recipient.</param>
/// <param name="conversations">Finds the conversation.</param>
/// <param name="clock">Stamps it.</param>
public sealed class SendMessage(
    WaMcpDbContext context, TenantContext tenant, ContactBook contacts, ConversationBook conversations, TimeProvider clock)
{
    /// <summary>Accepts it.</summary>
    /// <param name="order">What, over what, to whom.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="Fault">
    /// <c>invalid_input</c>, <c>window_closed</c>, <c>opted_out</c>, <c>phone_needed</c>; <c>conflict</c> when the order's key was used for another.
    /// </exception>
    public Task<AcceptedMessage> ExecuteAsync(MessageOrder order, CancellationToken cancellationToken) =>
        Collision.RetryAsync(context, () => AcceptAsync(order, cancellationToken));

    private async Task<AcceptedMessage> AcceptAsync(MessageOrder order, CancellationToken cancellationToken)
    {
        var (channel, recipient, content) = (order.Channel, order.Recipient, order.Content);
        content.Check();
        var id = TypedId.New<MessageId>();
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (order.Repeat is { } repeat && !await ClaimAsync(repeat, id, cancellationToken))
        {
            return (await FindAsync(repeat, cancellationToken))!;
        }

        var contact = await contacts.FindOrAddAsync(channel.Id, new PersonIds(recipient.ProviderUserId, recipient.Phone), toldAt: null, cancellationToken);
        var conversation = await conversations.AnswerAsync(channel.Id, contact.Id, cancellationToken);
        var window = await WindowAsync(conversation, cancellationToken);
        if (SendRules.Refusals(content, recipient, contact, window).FirstOrDefault() is { } refusal)
        {
            throw refusal;
        }

        var message = new Message
        {
            Id = id,
            ClientId = tenant.ClientId,
            ChannelId = channel.Id,
            ConversationId = conversation,
            ContactId = contact.Id,
            Direction = MessageDirection.Outbound,
            Kind = content.Kind,
            Category = content.Category,
            Body = content.Body,
            Raw = content.ToJson(),
            MediaIds = await HoldAsync(content, cancellationToken),
            ApiKeyId = order.Key,
            RequestId = order.RequestId,
            TraceParent = Activity.Current?.Id,
            CreatedAt = clock.GetUtcNow(),
        };
        context.Messages.Add(message);
        await context.SaveChangesAsync(cancellationToken);
        var job = new NewJob(
            JobKind.Deliver, message.Id.Value, tenant.ClientId, channel.Id, message.TraceParent, message.ConversationId.Value);
        await JobQueue.EnqueueAsync(context, job, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new AcceptedMessage(message, window, Repeated: false);
    }

    /// <summary>The message that the same order became before; null when there was none.</summary>
    /// <exception cref="Fault"><c>conflict</c>: the key was used for another order.</exception>
    public async Task<AcceptedMessage?> FindAsync(RepeatKey repeat, CancellationToken cancellationToken)
    {
        var known = await context.IdempotencyKeys.AsNoTracking().SingleOrDefaultAsync(row => row.Key == repeat.Key, cancellationToken);
        if (known is null)
        {
            return null;
        }

        if (known.InputHash != repeat.InputHash)
        {
            throw new Fault(
                FaultCode.Conflict,
                $"idempotencyKey: '{repeat.Key}' was used for another message, {known.MessageId}.",
                "Use a new key for a new message; to send the same one again under this key, repeat its input exactly.",
                "idempotencyKey");
        }

        var message = await context.Messages.AsNoTracking().SingleAsync(row => row.Id == known.MessageId, cancellationToken);
        return new AcceptedMessage(message, await WindowAsync(message.ConversationId, cancellationToken), Repeated: true);
    }

    // Held until the message is there to be seen: whoever deletes what nobody needs waits for that.
    private async Task<Guid[]> HoldAsync(MessageContent content, CancellationToken cancellationToken)
    {
        Guid[] needed = [.. content.Media.Select(id => id.Value).Distinct()];
        if (needed.Length == 0)
        {
            return needed;
        }

        var there = await context.Database
            .SqlQuery<Guid>($"""SELECT id AS "Value" FROM media_objects WHERE id = ANY ({needed}) AND deleted_at IS NULL ORDER BY id FOR SHARE""")
            .ToListAsync(cancellationToken);
        return there.Count == needed.Length
            ? needed
            : throw Fault.NotFound("media", new MediaObjectId(needed.Except(there).First()).ToString(), "It was deleted; pass the file again.");
    }

    // Two at once: the second waits here until the first has committed, or takes its place when that was rolled back.
    private async Task<bool> ClaimAsync(RepeatKey repeat, MessageId message, CancellationToken cancellationToken)
    {
        var (client, now) = (tenant.ClientId.Value, clock.GetUtcNow());
        return await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO idempotency_keys (id, client_id, key, input_hash, message_id, created_at)
            VALUES ({Guid.CreateVersion7(now)}, {client}, {repeat.Key}, {repeat.InputHash}, {message.Value}, {now})
            ON CONFLICT (client_id, key) DO NOTHING
            """,
            cancellationToken) == 1;
    }

    private async Task<ServiceWindow> WindowAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        var last = await context.Conversations.Where(row => row.Id == conversation).Select(row => row.LastInboundAt).SingleAsync(cancellationToken);
        return ServiceWindow.Of(last, clock.GetUtcNow());
    }
}
