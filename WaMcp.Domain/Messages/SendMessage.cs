using System.Diagnostics;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
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
    /// <param name="channel">Over which channel; the caller has checked the grant.</param>
    /// <param name="recipient">To whom.</param>
    /// <param name="content">What.</param>
    /// <param name="key">With which key.</param>
    /// <param name="requestId">In which request.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task<Message> ExecuteAsync(
        GrantedChannel channel, Recipient recipient, MessageContent content, ApiKeyId? key, string requestId, CancellationToken cancellationToken)
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var contact = await contacts.FindOrAddAsync(channel.Id, recipient.ProviderUserId, recipient.Phone, null, cancellationToken);
        var message = new Message
        {
            Id = TypedId.New<MessageId>(),
            ClientId = tenant.ClientId,
            ChannelId = channel.Id,
            ConversationId = await conversations.TouchAsync(channel.Id, contact.Id, null, cancellationToken),
            ContactId = contact.Id,
            Direction = MessageDirection.Outbound,
            Kind = content.Kind,
            Body = content.Body,
            Raw = content.ToJson(),
            ApiKeyId = key,
            RequestId = requestId,
            TraceParent = Activity.Current?.Id,
            CreatedAt = clock.GetUtcNow(),
        };
        context.Messages.Add(message);
        await context.SaveChangesAsync(cancellationToken);
        var job = new NewJob(
            JobKind.Deliver, message.Id.Value, tenant.ClientId, channel.Id, message.TraceParent, message.ConversationId.Value);
        await JobQueue.EnqueueAsync(context, job, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return message;
    }
}
