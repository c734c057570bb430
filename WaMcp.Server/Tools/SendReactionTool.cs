using System.ComponentModel;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>Accepts a reaction for sending.</summary>
internal sealed class SendReactionTool() : SendTool<SendReactionTool.Input>(
    "send_reaction",
    "React to a message",
    "Puts an emoji at a message of a conversation, in place of the one you put there before; an empty emoji takes it away. "
    + "On WhatsApp, it reaches only people who wrote within the last 24 hours, and is never more than sent.")
{
    internal sealed record Input : SendInput
    {
        [Description("The id (msg_…) of the message to react to.")]
        public required string MessageId { get; init; }

        [Description("One emoji; empty takes your reaction away.")]
        public required string Emoji { get; init; }
    }

    protected override async Task<Draft> DraftAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var (message, contact) = await MessageArgument.FindAsync(call, "messageId", call.Input.MessageId, cancellationToken);
        if ((contact.ProviderUserId ?? contact.Phone) is null)
        {
            throw Fault.NotFound("contact", contact.Id.ToString(), "The person who wrote it was erased.");
        }

        return new Draft(new Recipient(contact.ProviderUserId, contact.Phone), new ReactionContent(message.ProviderMessageId!, call.Input.Emoji));
    }
}
