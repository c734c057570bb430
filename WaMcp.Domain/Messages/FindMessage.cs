using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>Finds the message that an operator means, locked until the transaction ends if there is one.</summary>
/// <param name="context">The database.</param>
/// <param name="tenant">Becomes the client: from then on row-level security shows this client's records only.</param>
/// <param name="clients">Finds the client.</param>
public sealed class FindMessage(WaMcpDbContext context, TenantContext tenant, FindClient clients)
{
    /// <summary>Finds it.</summary>
    /// <param name="client">Whose: id or slug.</param>
    /// <param name="reference">The message's id.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<Message> ExecuteAsync(string client, string reference, CancellationToken cancellationToken)
    {
        tenant.Set((await clients.ExecuteAsync(client, cancellationToken)).Id);
        return (TypedId.TryParse<MessageId>(reference, out var id) ? await context.LockAsync(id, cancellationToken) : null)
            ?? throw Fault.NotFound("message", reference, "A message is named by its id (msg_…), and belongs to one client.");
    }
}
