using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>An operator withdraws a message before it is taken. Its job ends by itself when its turn comes.</summary>
/// <param name="context">The database.</param>
/// <param name="clients">Finds the client before a transaction carries it.</param>
/// <param name="tenant">Becomes the client.</param>
/// <param name="find">Finds the message.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class CancelMessage(
    WaMcpDbContext context, FindClient clients, TenantContext tenant, FindMessage find, AuditedChange change, TimeProvider clock)
{
    /// <summary>Withdraws it.</summary>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> once it was taken.</exception>
    public async Task<Message> ExecuteAsync(string client, string reference, CancellationToken cancellationToken)
    {
        tenant.Set((await clients.ExecuteAsync(client, cancellationToken)).Id);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var message = await find.ExecuteAsync(client, reference, cancellationToken);
        if (!message.MoveTo(MessageState.Cancelled, clock.GetUtcNow()))
        {
            throw new Fault(FaultCode.Conflict, $"{message.Id} is {message.State.ToString().ToLowerInvariant()}: only a queued message can be withdrawn.");
        }

        await change.SaveAsync(
            change.Row(AuditAction.MessageCancelled) with { ClientId = message.ClientId, ChannelId = message.ChannelId },
            new() { ["message"] = message.Id.ToString(), ["state"] = "cancelled" },
            affected: [],
            cancellationToken);
        return message;
    }
}
