using WaMcp.Domain.Audit;

namespace WaMcp.Domain.Access;

/// <summary>Revokes an API key, from the next request on.</summary>
/// <param name="find">Finds the key.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class RevokeKey(FindKey find, AuditedChange change, TimeProvider clock)
{
    /// <summary>Revokes it; doing it twice does no harm.</summary>
    /// <param name="idOrPrefix">The key's id or its public prefix.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<ApiKey> ExecuteAsync(string idOrPrefix, CancellationToken cancellationToken)
    {
        var key = await find.ExecuteAsync(idOrPrefix, cancellationToken);
        key.RevokedAt ??= clock.GetUtcNow();
        await change.SaveAsync(change.Row(AuditAction.KeyRevoked) with { ClientId = key.ClientId, ApiKeyId = key.Id }, null, cancellationToken);
        return key;
    }
}
