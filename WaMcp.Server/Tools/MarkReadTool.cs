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
    "Marks a message that a contact wrote, and all before it, as read: it is unread no more, and the person sees it. With typing, the person also sees that "
    + "you are writing, until you send something or 25 seconds have passed. Done when this returns. Where the provider does not let the person see it, as with "
    + "messages older than 30 days, it is read here all the same, and notSeen says why.",
    new ToolAnnotations { ReadOnlyHint = false, DestructiveHint = false, IdempotentHint = true, OpenWorldHint = true })
{
    internal sealed record Input(
        [property: Description("Which channel the message came over: its id, name or phone number id.")] string Channel,
        [property: Description("The id (msg_…) of the message that was read.")] string MessageId,
        [property: Description("Whether to show that you are writing an answer.")] bool Typing = false);

    internal sealed record Output(
        [property: Description("The message that is marked as read, with all before it.")] string MessageId,
        [property: Description("Whether the person sees that you are writing.")] bool Typing,
        [property: Description("Why the person does not see it, in our words or the provider's. Absent when they do.")] MessageView.Failure? NotSeen);

    protected override async Task<Output> ExecuteAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var (message, _) = await MessageArgument.FindAsync(call, "messageId", call.Input.MessageId, cancellationToken);
        if (message.Direction != MessageDirection.Inbound)
        {
            throw Fault.Invalid("messageId", "names a message that you sent; only what a contact wrote can be marked as read.");
        }

        var id = call.Channel.Id;
        var channel = await call.Get<WaMcpDbContext>().Channels.AsNoTracking().SingleAsync(row => row.Id == id, cancellationToken);
        await call.Get<ConversationBook>().MarkReadAsync(message, cancellationToken);
        try
        {
            await call.Get<IEnumerable<IChannel>>().Single(candidate => candidate.Kind == channel.Kind)
                .MarkReadAsync(channel, message.ProviderMessageId!, call.Input.Typing, cancellationToken);
            return new Output(call.Input.MessageId, call.Input.Typing, null);
        }
        catch (Fault fault)
        {
            return new Output(call.Input.MessageId, false, new(fault.Code.Reason, fault.PublicText, fault.NextAction));
        }
    }
}
