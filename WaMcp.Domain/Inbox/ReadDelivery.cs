using WaMcp.Domain.Audit;

namespace WaMcp.Domain.Inbox;

/// <summary>Shows an operator what a stored delivery says: words, names and numbers of people, of whatever client.</summary>
/// <remarks>Audited as <c>inbound_read</c> before anything is shown, with the delivery's id and nothing of what it says.</remarks>
/// <param name="find">Finds it.</param>
/// <param name="change">Writes the audit row.</param>
public sealed class ReadDelivery(FindDelivery find, AuditedChange change)
{
    /// <summary>The delivery.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<WebhookEvent> ExecuteAsync(string reference, CancellationToken cancellationToken)
    {
        var webhook = await find.ExecuteAsync(reference, cancellationToken);
        await change.SaveAsync(change.Row(AuditAction.InboundRead), new() { ["event"] = webhook.Id.ToString() }, [], cancellationToken);
        return webhook;
    }
}
