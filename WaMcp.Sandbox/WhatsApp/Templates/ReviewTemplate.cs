using System.Globalization;
using System.Text.Json;
using WaMcp.Sandbox.WhatsApp.Accounts;
using WaMcp.Sandbox.WhatsApp.Behaviour;
using WaMcp.Sandbox.WhatsApp.Webhooks;

namespace WaMcp.Sandbox.WhatsApp.Templates;

/// <summary>
/// Meta's reviewers: a new template is approved after a moment; a test may pause, reject or disable one. Each time a webhook tells.
/// </summary>
internal sealed class ReviewTemplate(
    BusinessAccounts accounts, WebhookQueue webhooks, CurrentBehaviour behaviour, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    public void Start(BusinessAccount account, Template template) => _ = ApproveLaterAsync(account, template);

    public void Decide(BusinessAccount account, Template template, string status, string? reason)
    {
        template.Status = status;
        var value = JsonSerializer.SerializeToElement(new Dictionary<string, object?>
        {
            ["event"] = status,
            ["message_template_id"] = long.Parse(template.Id, CultureInfo.InvariantCulture),
            ["message_template_name"] = template.Name,
            ["message_template_language"] = template.Language,
            ["reason"] = reason ?? "NONE",
            ["message_template_category"] = template.Category,
        });
        webhooks.Add(new AccountUpdate(account, null, "message_template_status_update", value)
        {
            Due = clock.GetUtcNow() + behaviour.Now.WebhookDelay,
        });
    }

    private async Task ApproveLaterAsync(BusinessAccount account, Template template)
    {
        try
        {
            await Task.Delay(behaviour.Now.TemplateReview, clock, lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        // A reset, a deletion or another decision may have come first.
        if (accounts.FindAccount(account.Id) == account
            && account.Templates.Find(template.Name, template.Language) == template
            && template.Status == "PENDING")
        {
            Decide(account, template, "APPROVED", null);
        }
    }
}
