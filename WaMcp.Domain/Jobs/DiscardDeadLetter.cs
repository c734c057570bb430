using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;
using WaMcp.Domain.Inbox;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Jobs;

/// <summary>Removes a job that was given up. The message that it should have sent is cancelled, or unknown if it may have left.</summary>
/// <param name="context">The database.</param>
/// <param name="tenant">Becomes the job's client.</param>
/// <param name="find">Finds it.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps the message.</param>
public sealed class DiscardDeadLetter(
    WaMcpDbContext context, TenantContext tenant, FindDeadLetter find, AuditedChange change, TimeProvider clock)
{
    /// <summary>Removes it for good.</summary>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> when somebody else did something with it at this moment.</exception>
    public async Task<Job> ExecuteAsync(string reference, CancellationToken cancellationToken)
    {
        var job = await find.ExecuteAsync(reference, cancellationToken);
        if (job is { Kind: JobKind.Deliver, ClientId: { } client })
        {
            tenant.Set(client);
            await context.Database.BeginTransactionAsync(cancellationToken); // of the message's lock; saving ends it
        }

        context.Jobs.Remove(job);
        if (job.Kind == JobKind.Deliver)
        {
            await WithdrawAsync(new MessageId(job.SubjectId), cancellationToken);
        }

        if (job.Kind == JobKind.FanOut)
        {
            await GiveUpAsync(new WebhookEventId(job.SubjectId), cancellationToken);
        }

        await change.SaveAsync(
            change.Row(AuditAction.DeadLetterDiscarded) with { ClientId = job.ClientId, ChannelId = job.ChannelId },
            new() { ["job"] = job.Id.ToString(), ["kind"] = job.Kind.ToString() },
            affected: [],
            cancellationToken);
        return job;
    }

    // Nothing will take it apart any more: from here on it is kept like any other, and erased like any other.
    private async Task GiveUpAsync(WebhookEventId id, CancellationToken cancellationToken)
    {
        if (await context.WebhookEvents.SingleOrDefaultAsync(webhook => webhook.Id == id && webhook.FannedOutAt == null, cancellationToken) is { } webhook)
        {
            webhook.FannedOutAt = clock.GetUtcNow();
            webhook.Outcomes = [DeliveryOutcome.Discarded];
            webhook.Counts = $$"""{"{{DeliveryOutcome.Discarded}}":1}""";
        }
    }

    private async Task WithdrawAsync(MessageId id, CancellationToken cancellationToken)
    {
        var message = await context.LockAsync(id, cancellationToken);
        if (message?.MoveTo(MessageState.Cancelled, clock.GetUtcNow()) == false && message.MoveTo(MessageState.Unknown, clock.GetUtcNow()))
        {
            (message.ErrorCode, message.ErrorText) =
                ("unknown_outcome", "The operator gave it up while it may have been on its way. The provider's status will settle it.");
        }
    }
}
