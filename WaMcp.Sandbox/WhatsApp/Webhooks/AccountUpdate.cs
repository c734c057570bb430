using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Accounts;

namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>A change of the account itself: template statuses and whatever a test injects under another field.</summary>
internal sealed class AccountUpdate(BusinessAccount account, BusinessNumber? number, string name, JsonElement value)
    : WebhookUpdate(account, number, null)
{
    private readonly JsonElement content = value.Clone();

    public override UpdateKind Kind => UpdateKind.Account;

    public override string Field => name;

    public override void Write(Utf8JsonWriter writer) => content.WriteTo(writer);
}
