using System.Text.Json;
using WaMcp.Sandbox.Phone;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Behaviour;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Messages;
using WaMcp.Sandbox.WhatsApp.Templates;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.Control;

/// <summary><c>/control/whatsapp</c>.</summary>
internal static class WhatsAppControl
{
    private static readonly string[] TemplateStatuses = ["APPROVED", "REJECTED", "PAUSED", "DISABLED", "PENDING"];
    private static readonly string[] MessageStatuses = ["sent", "delivered", "read", "played", "failed"];

    public static void MapWhatsAppControl(this IEndpointRouteBuilder whatsApp)
    {
        whatsApp.MapPost("/inbound", WhatsAppInbound.AcceptAsync);
        whatsApp.MapGet("/messages", ListMessages);
        whatsApp.MapPost("/statuses", Report);
        whatsApp.MapGet("/webhooks", ListWebhooks);
        whatsApp.MapPost("/fields", Announce);
        whatsApp.MapPost("/verify", async (CallbackVerification callback, CancellationToken cancellationToken) =>
            StateReport.Callback(await callback.VerifyAsync(cancellationToken)));
        whatsApp.MapGet("/settings", (CurrentBehaviour behaviour) => behaviour.Now.ToSettings());
        whatsApp.MapPut("/settings", (SandboxSettings change, CurrentBehaviour behaviour) => behaviour.Change(change).ToSettings());
        whatsApp.MapGet("/faults", (FaultBook faults) => faults.List().Select(fault => new FaultReport(fault.Id, fault.Left, fault.Order)));
        whatsApp.MapPost("/faults", AddFault);
        whatsApp.MapDelete("/faults", (FaultBook faults) => faults.Clear());
        whatsApp.MapDelete("/faults/{id:int}", (int id, FaultBook faults) => faults.Remove(id) ? Results.NoContent() : Results.NotFound());
        whatsApp.MapPost("/customers", PutCustomer);
        whatsApp.MapPost("/numbers", AddNumber);
        whatsApp.MapPost("/templates", Decide);
    }

    private static FaultReport AddFault(FaultOrder order, FaultBook faults)
    {
        var rule = faults.Add(order);
        return new FaultReport(rule.Id, rule.Left, order);
    }

    private static IEnumerable<Bubble> ListMessages(
        string? phoneNumberId, string? customer, BusinessAccounts accounts, Customers customers, ChatBook chats, BubbleView bubbles)
    {
        var number = Number(accounts, phoneNumberId);
        var person = customer is null ? customers.Ada : customers.Find(customer);
        return person is null || chats.Find(new ChatKey(number.Id, person.Key)) is not { } chat
            ? []
            : chat.Messages().Where(BubbleView.IsShown).Select(bubbles.Of);
    }

    private static IResult Report(StatusOrder order, ChatBook chats, ReportStatuses statuses)
    {
        if (chats.FindMessage(order.Wamid) is not { FromCustomer: false } message)
        {
            return Results.Problem($"No message that a business sent has the id '{order.Wamid}'.", statusCode: StatusCodes.Status404NotFound);
        }

        if (!MessageStatuses.Contains(order.Status, StringComparer.Ordinal))
        {
            throw new ArgumentException($"status must be one of {string.Join(", ", MessageStatuses)}.");
        }

        var error = order.Errors is [var first, ..] ? first : new StatusOrderError(131000);
        statuses.Report(message, order.Status, error.Code, error.Details);
        return Results.NoContent();
    }

    private static IEnumerable<RecordedWebhook> ListWebhooks(string? state, long? after, int? limit, WebhookLog log) =>
        log.Deliveries()
            .Where(delivery => delivery.Id > (after ?? 0) && (state is null || delivery.State == state))
            .Take(limit ?? int.MaxValue)
            .Select(delivery => new RecordedWebhook
            {
                Id = delivery.Id,
                Url = delivery.Url.ToString(),
                CreatedAt = delivery.Created,
                State = delivery.State,
                Attempts = delivery.Attempts,
                LastStatus = delivery.LastStatus,
                LastError = delivery.LastError,
                NextAttemptAt = delivery.NextAttempt,
                AcceptedAt = delivery.AcceptedAt,
                CopyOf = delivery.CopyOf,
                Body = JsonElement.Parse(delivery.Body),
            });

    private static void Announce(
        FieldOrder order, BusinessAccounts accounts, WebhookQueue webhooks, CurrentBehaviour behaviour, TimeProvider clock)
    {
        if (order.Field.Length == 0 || order.Value.ValueKind == JsonValueKind.Undefined)
        {
            throw new ArgumentException("field and value are required.");
        }

        webhooks.Add(new AccountUpdate(Account(accounts, order.AccountId), null, order.Field, order.Value)
        {
            Due = clock.GetUtcNow() + behaviour.Now.WebhookDelay,
        });
    }

    private static CustomerReport PutCustomer(
        CustomerOrder order, Customers customers, ChatBook chats, BusinessAccounts accounts, PhoneFeed phone, TimeProvider clock)
    {
        var waId = order.WaId is null
            ? null
            : Recipient.Digits(order.WaId) ?? throw new ArgumentException($"waId '{order.WaId}' is not a phone number.");
        if (order.UserId is not null && !UserIds.IsWellFormed(order.UserId))
        {
            throw new ArgumentException($"userId '{order.UserId}' is not of the form US.13491208655302741918.");
        }

        var customer = customers.With(waId, order.UserId);
        customer.Kept = true;
        customer.Name = order.Name ?? customer.Name;
        customer.Username = order.Username ?? customer.Username;
        customer.Reachable = order.Reachable ?? customer.Reachable;
        if (order.WindowOpen is { } open)
        {
            customer.WroteBeforeStart = open ? clock.GetUtcNow() : null;
            foreach (var number in accounts.Numbers)
            {
                chats.Between(number, customer).CustomerWrote(null);
            }
        }

        phone.Resync();
        return new CustomerReport(customer.WaId, customer.UserId, customer.Name, customer.Username, customer.Reachable);
    }

    private static NumberReport AddNumber(NumberOrder order, BusinessAccounts accounts)
    {
        if (order.PhoneNumberId.Length == 0 || !order.PhoneNumberId.All(char.IsAsciiDigit) || Recipient.Digits(order.DisplayNumber) is null)
        {
            throw new ArgumentException("phoneNumberId must be digits and displayNumber a phone number.");
        }

        var number = accounts.Add(
            order.AccountId ?? BusinessAccounts.DefaultAccountId, order.AccountName ?? "Sandbox", order.PhoneNumberId, order.DisplayNumber,
            order.VerifiedName);
        return new NumberReport(number.Id, number.DisplayNumber, number.VerifiedName, number.Account.Id);
    }

    private static IResult Decide(TemplateOrder order, BusinessAccounts accounts, ReviewTemplate review)
    {
        var account = Account(accounts, order.AccountId);
        if (!TemplateStatuses.Contains(order.Status, StringComparer.Ordinal))
        {
            throw new ArgumentException($"status must be one of {string.Join(", ", TemplateStatuses)}.");
        }

        if (account.Templates.Find(order.Name, order.Language) is not { } template)
        {
            return Results.Problem($"There is no template '{order.Name}' in {order.Language}.", statusCode: StatusCodes.Status404NotFound);
        }

        review.Decide(account, template, order.Status, order.Reason);
        return Results.NoContent();
    }

    public static BusinessNumber Number(BusinessAccounts accounts, string? id) =>
        accounts.FindNumber(id ?? BusinessAccounts.SupportNumberId)
        ?? throw new ArgumentException($"There is no phone number with the id '{id}'.");

    private static BusinessAccount Account(BusinessAccounts accounts, string? id) =>
        accounts.FindAccount(id ?? BusinessAccounts.DefaultAccountId)
        ?? throw new ArgumentException($"There is no account with the id '{id}'.");
}
