using System.Text.Json;
using WaMcp.Sandbox.Phone;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Graph;

namespace WaMcp.Sandbox.WhatsApp.Messages;

/// <summary>
/// The business has read a customer's message, and with it all earlier ones; optionally it types. The indicator goes away with the
/// answer or after 25 seconds: https://developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators.
/// </summary>
internal sealed class MarkRead(ChatBook chats, PhoneFeed phone, TimeProvider clock)
{
    private static readonly TimeSpan Typing = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan OldestMarkable = TimeSpan.FromDays(30);

    public void Execute(BusinessNumber number, JsonElement request)
    {
        if (request.FindText("status") != "read")
        {
            throw GraphFault.Invalid("'status' must be 'read'.");
        }

        var now = clock.GetUtcNow();
        var last = chats.FindMessage(request.Text("message_id", "message_id", 512));
        if (last is not { FromCustomer: true } || last.Chat.Number != number || now - last.At > OldestMarkable)
        {
            throw GraphFault.Invalid("message_id is not a message that a customer sent to this number in the last 30 days.");
        }

        var types = request.Find("typing_indicator") is { } indicator
            && (indicator.FindText("type") == "text" ? true : throw GraphFault.Invalid("typing_indicator.type must be 'text'."));
        foreach (var message in last.Chat.Messages())
        {
            if (message.FromCustomer && message.Sequence <= last.Sequence && message.Advance(Progress.Read))
            {
                phone.Show(message);
            }
        }

        if (types)
        {
            last.Chat.TypingUntil = now + Typing;
            phone.ShowTyping(last.Chat);
        }
    }
}
