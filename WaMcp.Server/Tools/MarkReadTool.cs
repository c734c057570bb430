using System.ComponentModel;
using Microsoft.EntityFrameworkCore;
using ModelContextProtocol.Protocol;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Conversations;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>
/// Tells a contact that their message was read. Done at once and not through the queue: a typing indicator that comes late is worth nothing,
/// and who asked can be told plainly that it failed.
/// </summary>
internal sealed class MarkReadTool() : MessagingTool<MarkReadTool.Input, MarkReadTool.Output>(
    "mark_read",
    "Mark as read",
    "Marks a message that a contact wrote, and all before it, as read: the person sees it. With typing, the person also sees that you are writing, "
    + "until you send something or 25 seconds have passed. Done when this returns. Messages older than 30 days cannot be marked.",
    new ToolAnnotations { ReadOnlyHint = false, DestructiveHint = false, IdempotentHint = true, OpenWorldHint = true })
{
    internal sealed record Input(
        [property: Description("Which channel the message came over: its id, name or phone number id.")] string Channel,
        [property: Description("The id (msg_…) of the message that was read.")] string MessageId,
        [property: Description("Whether to show that you are writing an answer.")] bool Typing = false);

    internal sealed record Output(
        [property: Description("The message that is marked as read, with all before it.")] string MessageId,
        [property: Description("Whether the person sees that you are writing.")] bool Typing);

    protected override async Task<Output> ExecuteAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var (message, _) = await MessageArgument.FindAsync(call, "messageId", call.Input.MessageId, cancellationToken);
        if (message.Direction != MessageDirection.Inbound)
        {
            throw Fault.Invalid("messageId", "names a message that you sent; only what a contact wrote can be marked as read.");
        }

        var id = call.Channel.Id;
        var channel = await call.Get<WaMcpDbContext>().Channels.AsNoTracking().SingleAsync(row => row.Id == id, cancellationToken);
        await call.Get<IEnumerable<IChannel>>().Single(candidate => candidate.Kind == channel.Kind)
            .MarkReadAsync(channel, message.ProviderMessageId!, call.Input.Typing, cancellationToken);
        await call.Get<ConversationBook>().MarkReadAsync(message, cancellationToken);
        return new Output(call.Input.MessageId, call.Input.Typing);
    }
}
