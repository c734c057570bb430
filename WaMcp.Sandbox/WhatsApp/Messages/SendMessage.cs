using System.Text.Json;
using WaMcp.Sandbox.Phone;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Behaviour;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Templates;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.WhatsApp.Messages;

/// <summary><c>POST /{phone number id}/messages</c>: checks a message as Meta does, accepts it and starts its statuses.</summary>
internal sealed class SendMessage(
    BusinessAccounts accounts,
    Customers customers,
    ChatBook chats,
    MediaRules media,
    InteractiveRules interactive,
    TemplateRules templates,
    MarkRead markRead,
    ReportStatuses statuses,
    PhoneFeed phone,
    CurrentBehaviour behaviour,
    TimeProvider clock)
{
    private const int MaxCallbackData = 512;

    public Task AnswerAsync(GraphCall call)
    {
        var number = call.Number(accounts);
        var message = call.Json;
        if (message.FindText("messaging_product") != "whatsapp")
        {
            throw GraphFault.Required("messaging_product");
        }

        if (message.FindText("status") is not null)
        {
            markRead.Execute(number, message);
            return call.AnswerSuccessAsync();
        }

        var settings = behaviour.Now;
        var now = clock.GetUtcNow();
        if (!number.TakeThroughput(settings.ThroughputPerSecond, now))
        {
            throw new GraphFault(130429);
        }

        var recipient = Recipient.Of(message, number, customers);
        var type = message.FindText("type") ?? "text";
        var template = CheckContent(message, type, number);
        CheckCommon(message, template, recipient);
        var chat = chats.Between(number, recipient.Customer);
        var refusal = Refusal(chat, type, settings, now);
        if (refusal != 0 && !settings.RefuseByWebhook)
        {
            throw new GraphFault(refusal);
        }

        var accepted = Accept(call, chat, message, type, template, recipient, now);
        call.Entry.Wamid = accepted.Id;
        if (type == "reaction")
        {
            React(message);
        }

        phone.Show(accepted);
        statuses.Start(accepted, refusal);
        return call.AnswerAsync(writer => Write(writer, recipient, accepted));
    }

    private Template? CheckContent(JsonElement message, string type, BusinessNumber number)
    {
        switch (type)
        {
            case "text":
                ContentRules.Text(message);
                break;
            case "image" or "video" or "audio" or "document" or "sticker":
                media.Check(message, type, number.Id);
                break;
            case "location":
                ContentRules.Location(message);
                break;
            case "contacts":
                ContentRules.Contacts(message);
                break;
            case "reaction":
                ContentRules.Reaction(message);
                if (chats.FindMessage(message.GetProperty("reaction").FindText("message_id"))?.Chat.Number != number)
                {
                    throw GraphFault.Invalid("reaction.message_id is not a message of this phone number.");
                }

                break;
            case "interactive":
                interactive.Check(message, number.Id);
                break;
            case "template":
                return templates.Check(message, number);
            default:
                throw new GraphFault(131051, $"Message type '{type}' is not supported.");
        }

        return null;
    }

    private static void CheckCommon(JsonElement message, Template? template, Recipient recipient)
    {
        if (message.Find("context") is not null)
        {
            message.Object("context", "context").Text("message_id", "context.message_id", 512);
        }

        message.OptionalText("biz_opaque_callback_data", "biz_opaque_callback_data", MaxCallbackData);
        if (message.Find("category") is not null)
        {
            throw GraphFault.BadParameter("This account is not eligible for Direct Send; leave out 'category'.");
        }

        if (template?.Category == "AUTHENTICATION" && recipient.ByUserId)
        {
            throw new GraphFault(131062);
        }
    }

    /// <summary>The reason that lies with the recipient, or 0: unreachable, or the customer service window is closed.</summary>
    private static int Refusal(Chat chat, string type, WhatsAppBehaviour settings, DateTimeOffset now) =>
        !chat.Customer.Reachable ? 131026
        : settings.EnforceWindow && type != "template" && !chat.IsOpen(now) ? 131047
        : 0;

    private ChatMessage Accept(
        GraphCall call, Chat chat, JsonElement message, string type, Template? template, Recipient recipient, DateTimeOffset now)
    {
        var accepted = new ChatMessage(chat, Wamid.ToCustomer(chat.Key.CustomerKey), fromCustomer: false, type, now, call.Body)
        {
            Sequence = chats.NextSequence(),
            RepliesTo = message.Find("context")?.FindText("message_id"),
            CallbackData = message.FindText("biz_opaque_callback_data"),
            Category = template?.Category.ToLowerInvariant() ?? "service",
            Template = template,
            ByUserId = recipient.ByUserId,
        };
        chats.Add(accepted);
        chat.TypingUntil = default;
        return accepted;
    }

    private void React(JsonElement message)
    {
        var reaction = message.GetProperty("reaction");
        if (chats.FindMessage(reaction.FindText("message_id")) is { } target)
        {
            target.BusinessReaction = reaction.FindText("emoji") is { Length: > 0 } emoji ? emoji : null;
            phone.Show(target);
        }
    }

    private static void Write(Utf8JsonWriter writer, Recipient recipient, ChatMessage accepted)
    {
        writer.WriteStartObject();
        writer.WriteString("messaging_product", "whatsapp");
        writer.WriteStartArray("contacts");
        writer.WriteStartObject();
        writer.WriteString("input", recipient.Input);
        if (!recipient.ByUserId && recipient.Customer.WaId is { } waId)
        {
            writer.WriteString("wa_id", waId);
        }

        writer.WriteString("user_id", recipient.Customer.UserId);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteStartArray("messages");
        writer.WriteStartObject();
        writer.WriteString("id", accepted.Id);
        if (accepted.Template is not null)
        {
            writer.WriteString("message_status", "accepted");
        }

        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
