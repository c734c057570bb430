using Microsoft.EntityFrameworkCore;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>A conversation that a tool's input names, with the channel that was granted for it.</summary>
/// <param name="Conversation">The conversation.</param>
/// <param name="Contact">With whom.</param>
/// <param name="Channel">Over what.</param>
internal sealed record ConversationArgument(Conversation Conversation, Contact Contact, GrantedChannel Channel)
{
    /// <summary>The conversation; null when none is named.</summary>
    /// <remarks>The input may name no channel, so the grant is held here: a conversation on a channel that is not granted does not exist.</remarks>
    /// <exception cref="Fault"><c>invalid_input</c>, <c>not_found</c>.</exception>
    public static async Task<ConversationArgument?> FindAsync<TInput>(
        ToolCall<TInput> call, string tool, string? text, CancellationToken cancellationToken)
    {
        if (ReadingArgument.Id<ConversationId>("conversationId", text) is not { } id)
        {
            return null;
        }

        var database = call.Get<WaMcpDbContext>();
        var found = await LookAsync(database, id, cancellationToken);
        if (found is null && await KeptAsync(database, id.Value, cancellationToken) is { } kept)
        {
            found = await LookAsync(database, new(kept), cancellationToken); // put together with it since the caller was given the id
        }

        call.Concerns = found?.Conversation.ChannelId;
        return found is var (conversation, contact) && Granted(call, tool).FirstOrDefault(channel => channel.Id == conversation.ChannelId) is { } granted
            ? new ConversationArgument(conversation, contact, granted)
            : throw Fault.NotFound("conversation", text!, "list_conversations shows yours.");
    }

    /// <summary>The id in whose place an ended one is good; null when it is not one.</summary>
    public static Task<Guid?> KeptAsync(WaMcpDbContext database, Guid id, CancellationToken cancellationToken) =>
        database.EndedIds.Where(ended => ended.Id == id).Select(ended => (Guid?)ended.KeptId).SingleOrDefaultAsync(cancellationToken);

    /// <summary>The channel that the input names, or else all on which the tool may be used.</summary>
    public static IEnumerable<GrantedChannel> Granted<TInput>(ToolCall<TInput> call, string tool) =>
        call.GrantedChannel is { } named ? [named] : call.Caller.Client.ChannelsFor(tool);

    private static async Task<(Conversation Conversation, Contact Contact)?> LookAsync(
        WaMcpDbContext database, ConversationId id, CancellationToken cancellationToken)
    {
        var found = await (
            from conversation in database.Conversations.AsNoTracking()
            join contact in database.Contacts.AsNoTracking() on conversation.ContactId equals contact.Id
            where conversation.Id == id
            select new { conversation, contact }).SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : (found.conversation, found.contact);
    }
}
