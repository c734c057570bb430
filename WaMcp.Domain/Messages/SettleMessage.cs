using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>An operator says what became of a message whose outcome nobody knew: it was seen on the phone, or at the provider.</summary>
/// <param name="context">The database.</param>
/// <param name="clients">Finds the client before a transaction carries it.</param>
/// <param name="tenant">Becomes the client.</param>
/// <param name="find">Finds the message.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class SettleMessage(
    WaMcpDbContext context, FindClient clients, TenantContext tenant, FindMessage find, AuditedChange change, TimeProvider clock)
{
    /// <summary>Settles it. A status that comes later still moves it on from sent, and no more from failed.</summary>
    /// <param name="client">Whose: id or slug.</param>
    /// <param name="reference">The message's id.</param>
    /// <param name="sent">Whether it was sent.</param>
    /// <param name="reason">Why the operator thinks so, for the client and the audit log.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> unless it is unknown.</exception>
    public async Task<Message> ExecuteAsync(string client, string reference, bool sent, string? reason, CancellationToken cancellationToken)
    {
        tenant.Set((await clients.ExecuteAsync(client, cancellationToken)).Id); // the connection carries it from its opening on
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var message = await find.ExecuteAsync(client, reference, cancellationToken);
        if (message.State != MessageState.Unknown)
        {
            throw new Fault(FaultCode.Conflict, $"{message.Id} is {message.State.ToString().ToLowerInvariant()}, not unknown: there is nothing to settle.");
        }

        message.MoveTo(sent ? MessageState.Sent : MessageState.Failed, clock.GetUtcNow());
        if (!sent)
        {
            (message.ErrorCode, message.ErrorText) = ("unknown_outcome", $"The operator found that it was not sent.{(reason is null ? "" : $" {reason}")}");
        }

        await change.SaveAsync(
            change.Row(AuditAction.MessageSettled) with { ClientId = message.ClientId, ChannelId = message.ChannelId, ProviderMessageId = message.ProviderMessageId },
            new() { ["message"] = message.Id.ToString(), ["state"] = message.State.ToString().ToLowerInvariant(), ["reason"] = reason },
            affected: [],
            cancellationToken);
        return message;
    }
}
