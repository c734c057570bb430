using System.Text.Json;
using System.Text.Json.Nodes;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Messages;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.Control;

/// <summary>Turns an <see cref="InboundOrder"/> into messages of a customer.</summary>
internal static class WhatsAppInbound
{
    private const int MostAtOnce = 100_000;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>With <c>?wait=true</c> the answer comes when the callback has accepted all of them; 504 when that takes too long.</summary>
    public static async Task<IResult> AcceptAsync(
        InboundOrder order, bool? wait, BusinessAccounts accounts, Customers customers, ChatBook chats, CustomerWrites customerWrites,
        SampleContent samples, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (order.Count is < 1 or > MostAtOnce)
        {
            throw new ArgumentException($"count must be between 1 and {MostAtOnce}.");
        }

        if (order.Raw is { } raw && (raw.ValueKind != JsonValueKind.Object || (order.Count > 1 && raw.Find("id") is not null)))
        {
            throw new ArgumentException("raw must be one message object; with count above 1 it must not have an id of its own.");
        }

        var chat = chats.Between(WhatsAppControl.Number(accounts, order.PhoneNumberId), Customer(order, customers));
        var updates = new List<MessageUpdate>(order.Count);
        for (var index = 0; index < order.Count; index++)
        {
            updates.Add(Write(order, chat, customerWrites, samples));
        }

        var ids = new InboundIds([.. updates.Select(update => update.Id)]);
        if (wait != true)
        {
            return Results.Ok(ids);
        }

        try
        {
            await Task.WhenAll(updates.Select(update => update.Accepted)).WaitAsync(LongestWait, clock, cancellationToken);
            return Results.Ok(ids);
        }
        catch (TimeoutException)
        {
            return Results.Json(ids, statusCode: StatusCodes.Status504GatewayTimeout);
        }
    }

    private static Customer Customer(InboundOrder order, Customers customers)
    {
        var from = order.From ?? (order.UserId is null ? order.Raw?.FindText("from") : null);
        var waId = from is null ? null : Recipient.Digits(from) ?? throw new ArgumentException($"from '{from}' is not a phone number.");
        if (order.UserId is not null && !UserIds.IsWellFormed(order.UserId))
        {
            throw new ArgumentException($"userId '{order.UserId}' is not of the form US.13491208655302741918.");
        }

        var customer = waId is null && order.UserId is null ? customers.Ada : customers.With(waId, order.UserId);
        customer.Name = order.Name ?? customer.Name;
        return customer;
    }

    private static MessageUpdate Write(InboundOrder order, Chat chat, CustomerWrites customerWrites, SampleContent samples)
    {
        var hidesNumber = order.From is null && order.UserId is not null;
        if (order.Raw is { } raw)
        {
            return customerWrites.ExecuteRaw(chat, raw, hidesNumber);
        }

        if (order.Type == "unsupported")
        {
            return customerWrites.ExecuteRaw(chat, Unsupported(), hidesNumber);
        }

        if (!SampleContent.Types.Contains(order.Type, StringComparer.Ordinal))
        {
            throw new ArgumentException($"type must be one of {string.Join(", ", SampleContent.Types)}; send anything else as raw.");
        }

        var answers = order.Type is "button" or "interactive";
        var repliesTo = order.ReplyTo ?? (answers ? chat.Last?.Id ?? Wamid.ToCustomer(chat.Key.CustomerKey) : null);
        var context = order.Type == "reaction" ? null : repliesTo; // a reaction names its message inside
        return customerWrites.Execute(
            chat, order.Type, writer => samples.Write(writer, chat, order.Type, order.Text, repliesTo, order.File), context, hidesNumber);
    }

    /// <summary>What Meta sends for a message that the API cannot carry, such as a poll.</summary>
    private static JsonElement Unsupported() => JsonSerializer.SerializeToElement(new JsonObject
    {
        ["type"] = "unsupported",
        ["errors"] = new JsonArray(new JsonObject
        {
            ["code"] = 131051,
            ["title"] = "Message type unknown",
            ["message"] = "Message type unknown",
            ["error_data"] = new JsonObject { ["details"] = "Message type is currently not supported." },
        }),
    });
}
