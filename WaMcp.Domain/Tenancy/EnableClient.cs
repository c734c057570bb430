using WaMcp.Domain.Audit;

namespace WaMcp.Domain.Tenancy;

/// <summary>Disables a client, which blocks every one of its keys from the next request on, or enables it again.</summary>
/// <param name="find">Finds the client.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class EnableClient(FindClient find, AuditedChange change, TimeProvider clock)
{
    /// <summary>Sets the state; doing it twice does no harm.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<Client> ExecuteAsync(string idOrSlug, bool enabled, CancellationToken cancellationToken)
    {
        var client = await find.ExecuteAsync(idOrSlug, cancellationToken);
        client.DisabledAt = enabled ? null : client.DisabledAt ?? clock.GetUtcNow();
        var action = enabled ? AuditAction.ClientEnabled : AuditAction.ClientDisabled;
        await change.SaveAsync(change.Row(action) with { ClientId = client.Id }, null, cancellationToken);
        return client;
    }
}
