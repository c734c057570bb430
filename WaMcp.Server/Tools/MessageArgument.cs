using Microsoft.EntityFrameworkCore;
using WaMcp.Domain;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>A message that a tool's input names on its channel.</summary>
internal static class MessageArgument
{
    /// <summary>The message, with its contact; it is known to the provider.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>, <c>not_found</c>.</exception>
    public static async Task<(Message Message, Contact Contact)> FindAsync<TInput>(
        ToolCall<TInput> call, string field, string text, CancellationToken cancellationToken)
    {
        if (!TypedId.TryParse<MessageId>(text, out var id))
        {
            throw Fault.Invalid(field, "is not a message id.", "get_messages and the send tools give ids that begin with msg_.");
        }

        var (database, channel) = (call.Get<WaMcpDbContext>(), call.Channel.Id);
        var found = await (
            from message in database.Messages.AsNoTracking()
            join contact in database.Contacts.AsNoTracking() on message.ContactId equals contact.Id
            where message.Id == id && message.ChannelId == channel
            select new { message, contact }).SingleOrDefaultAsync(cancellationToken) ?? throw Fault.NotFound("message", text, "Look with get_messages.");
        return found.message.ProviderMessageId is null
            ? throw Fault.Invalid(field, "names a message that the provider does not know: it has not been sent.", "Look with get_message what became of it.")
            : (found.message, found.contact);
    }
}
