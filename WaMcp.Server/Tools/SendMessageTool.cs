using System.ComponentModel;
using WaMcp.Domain;
using WaMcp.Domain.Messages;
using WaMcp.Server.Mcp;

namespace WaMcp.Server.Tools;

/// <summary>Accepts a text, or business cards, for sending.</summary>
internal sealed class SendMessageTool() : SendTool<SendMessageTool.Input>(
    "send_message",
    "Send a message",
    "Sends a text to one person, or business cards (contacts) instead of a text. "
    + "On WhatsApp, it reaches only people who wrote within the last 24 hours; others get a template (send_template).")
{
    internal sealed record Input : SendToInput
    {
        [Description("What to say; up to 4096 characters. Either this or contacts.")]
        public string? Text { get; init; }

        [Description("Whether to show a preview of the first link.")]
        public bool PreviewUrl { get; init; }

        [Description("Business cards to send instead of a text; 1 to 5.")]
        public IReadOnlyList<ContactCard>? Contacts { get; init; }
    }

    protected override async Task<Draft> DraftAsync(ToolCall<Input> call, CancellationToken cancellationToken)
    {
        var input = call.Input;
        var recipient = RecipientArgument.Read("to", input.To);
        MessageContent content = input switch
        {
            { Text: not null, Contacts: not null } => throw Fault.Invalid("contacts", "cannot go with text.", "Send two messages."),
            { Contacts: { } contacts, PreviewUrl: false } => new ContactsContent(contacts),
            { Contacts: not null } => throw Fault.Invalid("previewUrl", "goes with a text only."),
            _ => new TextContent(input.Text ?? throw Fault.Invalid("text", "is required, or contacts instead of it."), input.PreviewUrl),
        };
        return new Draft(recipient, content with { ReplyTo = await AnsweredAsync(call, input.ReplyTo, recipient, cancellationToken) });
    }
}
