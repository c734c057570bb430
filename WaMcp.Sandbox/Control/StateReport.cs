using WaMcp.Sandbox.WhatsApp;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Behaviour;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.Control;

/// <summary>Gathers <see cref="SandboxState"/>.</summary>
internal sealed class StateReport(
    CallbackVerification callback, WebhookQueue webhooks, GraphJournal journal, ChatBook chats, Customers customers, FaultBook faults,
    WhatsAppSecrets secrets, BusinessAccounts accounts, CurrentBehaviour behaviour, TimeProvider clock)
{
    private readonly DateTimeOffset startedAt = clock.GetUtcNow();

    public SandboxState Now() => new()
    {
        StartedAt = startedAt,
        Callback = Callback(callback.State),
        Webhooks = new WebhookReport(webhooks.Pending, webhooks.AcceptedUpdates, webhooks.RefusedAttempts, webhooks.DroppedUpdates),
        Requests = journal.Total,
        Messages = chats.MessageCount,
        Customers = customers.Count,
        Faults = faults.List().Count,
        Secrets = new SecretReport(secrets.HasAppSecret, secrets.VerifyToken is not null, secrets.AccessToken is not null),
        Numbers = [.. accounts.Numbers.Select(number =>
            new NumberReport(number.Id, number.DisplayNumber, number.VerifiedName, number.Account.Id))],
        Settings = behaviour.Now.ToSettings(),
    };

    public static CallbackReport Callback(CallbackState state) =>
        new(state.Url?.ToString(), state.Verified, state.Attempts, state.LastAttempt, state.LastError);
}
