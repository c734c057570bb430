using WaMcp.Sandbox.Phone;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Behaviour;
using WaMcp.Sandbox.WhatsApp.Chats;
using WaMcp.Sandbox.WhatsApp.Graph;
using WaMcp.Sandbox.WhatsApp.Media;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.Control;

/// <summary>Back to the state of a fresh start, except for the address of the callback.</summary>
internal sealed class ResetSandbox(
    FaultBook faults, CurrentBehaviour behaviour, WebhookQueue webhooks, ChatBook chats, Customers customers, BusinessAccounts accounts,
    MediaStore media, AccessTokens tokens, GraphJournal journal, PhoneFeed phone)
{
    public void Execute()
    {
        faults.Clear();
        behaviour.Reset();
        webhooks.Clear();
        chats.Clear();
        customers.Reset();
        accounts.Reset();
        media.Clear();
        tokens.Reset();
        journal.Clear();
        phone.Resync();
    }
}
