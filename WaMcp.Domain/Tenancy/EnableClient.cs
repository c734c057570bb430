using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Tenancy;

/// <summary>Disables a client, which blocks every one of its keys from the next request on, or enables it again.</summary>
/// <param name="context">The database.</param>
/// <param name="find">Finds the client.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class EnableClient(WaMcpDbContext context, FindClient find, AuditedChange change, TimeProvider clock)
{
    /// <summary>Sets the state; doing it twice does no harm.</summary>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> when somebody else does the same or the opposite at this moment.</exception>
    public async Task<Client> ExecuteAsync(string idOrSlug, bool enabled, CancellationToken cancellationToken)
    {
        var client = await find.ExecuteAsync(idOrSlug, cancellationToken);
        client.DisabledAt = enabled ? null : client.DisabledAt ?? clock.GetUtcNow();
        context.Entry(client).Property(changed => changed.DisabledAt).IsModified = true; // what was read may not be what it is by now
        var action = enabled ? AuditAction.ClientEnabled : AuditAction.ClientDisabled;
        await change.SaveAsync(change.Row(action) with { ClientId = client.Id }, null, cancellationToken);
        return client;
    }
}
