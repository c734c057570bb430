using System.Text.Json;
using WaMcp.Sandbox.Phone;
using WaMcp.Sandbox.WhatsApp.Chats;

namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>A message from a customer.</summary>
internal sealed class MessageUpdate(ChatMessage message, PhoneFeed phone)
    : WebhookUpdate(message.Chat.Number.Account, message.Chat.Number, message.Chat.Customer)
{
    private readonly TaskCompletionSource accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id => message.Id;

    /// <summary>Done when the callback has answered 200.</summary>
    public Task Accepted => accepted.Task;

    /// <summary>Meta sends system messages without contacts, everything else with them.</summary>
    public override UpdateKind Kind => message.Type == "system" ? UpdateKind.SystemMessages : UpdateKind.Messages;

    /// <summary>Through a parser, so that the envelope has one way of escaping: Meta's, with \u for everything beyond ASCII.</summary>
    public override void Write(Utf8JsonWriter writer)
    {
        using var content = JsonDocument.Parse(message.Content);
        content.RootElement.WriteTo(writer);
    }

    public override void IsAccepted()
    {
        if (message.Advance(Progress.Delivered))
        {
            phone.Show(message);
        }

        accepted.TrySetResult();
    }
}
