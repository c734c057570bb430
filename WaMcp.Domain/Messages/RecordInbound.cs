using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>Writes down, for the scope's client, what a contact wrote. Runs inside the caller's transaction.</summary>
/// <param name="context">The scope's client's data.</param>
/// <param name="tenant">Whose.</param>
/// <param name="contacts">Finds the writer.</param>
/// <param name="conversations">Finds the conversation.</param>
/// <param name="clock">Stamps it.</param>
public sealed class RecordInbound(
    WaMcpDbContext context, TenantContext tenant, ContactBook contacts, ConversationBook conversations, TimeProvider clock)
{
    /// <summary>Records one message; the same one again changes nothing.</summary>
    /// <returns>Whether it was new.</returns>
    public async Task<bool> ExecuteAsync(ChannelId channel, InboundMessage inbound, string requestId, CancellationToken cancellationToken)
    {
        var known = await context.Messages.AnyAsync(
            message => message.ChannelId == channel && message.ProviderMessageId == inbound.ProviderMessageId, cancellationToken);
        if (known)
        {
            return false;
        }

        var contact = await contacts.FindOrAddAsync(channel, inbound.ProviderUserId, inbound.Phone, inbound.Name, cancellationToken);
        var conversation = await conversations.TouchAsync(channel, contact.Id, inbound.WrittenAt, cancellationToken);
        var (id, client, now) = (TypedId.New<MessageId>().Value, tenant.ClientId.Value, clock.GetUtcNow());
        // Two deliveries of the same message may be recorded side by side; the unique index decides.
        return await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO messages (id, client_id, channel_id, conversation_id, contact_id, direction, kind, body, raw, state,
                                  provider_message_id, request_id, trace_parent, created_at, sent_at)
            VALUES ({id}, {client}, {channel.Value}, {conversation.Value}, {contact.Id.Value}, {nameof(MessageDirection.Inbound)},
                    {inbound.Kind}, {inbound.Body}, {inbound.Raw}::json, {nameof(MessageState.Received)},
                    {inbound.ProviderMessageId}, {requestId}, {Activity.Current?.Id}, {now}, {inbound.WrittenAt})
            ON CONFLICT (client_id, channel_id, provider_message_id) WHERE provider_message_id IS NOT NULL DO NOTHING
            """,
            cancellationToken) == 1;
    }
}
