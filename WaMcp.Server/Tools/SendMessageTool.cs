using System.ComponentModel;
using ModelContextProtocol.Protocol;
using WaMcp.Domain;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>Accepts a text for sending.</summary>
internal sealed class SendMessageTool() : MessagingTool<SendMessageTool.Input, SendMessageTool.Output>(
    "send_message",
    "Send a text message",
    "Sends a text to one person. The message is accepted and durable when this returns, and is delivered in the background: "
    + "follow it with get_message (queued, sending, sent, delivered, read, or failed with a reason). A sent message cannot be recalled. "
    + "On WhatsApp, free text reaches only people who wrote within the last 24 hours. "
    + "Do not call it again because an answer is late: look with get_message or get_messages first.",
    new ToolAnnotations { ReadOnlyHint = false, DestructiveHint = true, IdempotentHint = false, OpenWorldHint = true })
{
    private const int MaxTextLength = 4096; // https://developers.facebook.com/docs/whatsapp/cloud-api/messages/text-messages

    internal sealed record Input(
        [property: Description("Which channel to send from: its id, name or phone number id, as list_channels shows them.")] string Channel,
        [property: Description("To whom: a phone number in international form (+4915112345678) or the provider's user id of a contact.")] string To,
        [property: Description("What to say; up to 4096 characters.")] string Text,
        [property: Description("Whether to show a preview of the first link.")] bool PreviewUrl = false);

    internal sealed record Output(
        [property: Description("The message's id, for get_message.")] string MessageId,
        [property: Description("The conversation it belongs to.")] string ConversationId,
        [property: Description("Where it is on its way; queued at this point.")] MessageState State);

    protected override async Task<Output> ExecuteAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var channel = call.Channel;
        var recipient = RecipientArgument.Read("to", call.Input.To);
        if (string.IsNullOrWhiteSpace(call.Input.Text))
        {
            throw Fault.Invalid("text", "must not be empty.");
        }

        if (call.Input.Text.Length > MaxTextLength)
        {
            throw Fault.Invalid("text", $"has {call.Input.Text.Length} characters; the limit is {MaxTextLength}.", "Send several messages.");
        }

        if (call.Input.Text.Contains('\0', StringComparison.Ordinal))
        {
            throw Fault.Invalid("text", "holds a NUL character, which cannot be sent.");
        }

        var message = await call.Get<SendMessage>().ExecuteAsync(
            channel,
            recipient,
            new TextContent(call.Input.Text, call.Input.PreviewUrl),
            call.Caller.Client.ApiKeyId,
            call.Caller.RequestId,
            cancellationToken);
        return new Output(message.Id.ToString(), message.ConversationId.ToString(), message.State);
    }
}
