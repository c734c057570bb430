using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Access;

/// <summary>Revokes an API key, from the next request on.</summary>
/// <param name="context">The database.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class RevokeKey(WaMcpDbContext context, AuditedChange change, TimeProvider clock)
{
    /// <summary>Revokes it; doing it twice does no harm.</summary>
    /// <param name="idOrPrefix">The key's id or its public prefix.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<ApiKey> ExecuteAsync(string idOrPrefix, CancellationToken cancellationToken)
    {
        var key = TypedId.TryParse<ApiKeyId>(idOrPrefix, out var id)
            ? await context.ApiKeys.SingleOrDefaultAsync(candidate => candidate.Id == id, cancellationToken)
            : await context.ApiKeys.SingleOrDefaultAsync(candidate => candidate.Prefix == idOrPrefix, cancellationToken);
        if (key is null)
        {
            throw Fault.NotFound("key", idOrPrefix, "`admin keys list` shows the keys.");
        }

        key.RevokedAt ??= clock.GetUtcNow();
        await change.SaveAsync(change.Row(AuditAction.KeyRevoked) with { ClientId = key.ClientId, ApiKeyId = key.Id }, null, cancellationToken);
        return key;
    }
}
