using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Access;

/// <summary>Hashes a new token under the current pepper, and makes sure that it is the current one.</summary>
/// <param name="context">Knows which peppers are retired.</param>
/// <param name="pepper">What this program was given.</param>
public sealed class HashNewKey(WaMcpDbContext context, Pepper pepper)
{
    /// <summary>The hash to store, and the name of the pepper that made it.</summary>
    /// <exception cref="Fault"><c>misconfigured</c>: this program still has a pepper that was rotated away, so the key would stop with it.</exception>
    public async Task<(byte[] Hash, string PepperId)> ExecuteAsync(KeyToken token, CancellationToken cancellationToken)
    {
        pepper.Reload();
        var (hash, pepperId) = pepper.Hash(token);
        if (await context.RetiredPeppers.AnyAsync(retired => retired.Id == pepperId, cancellationToken))
        {
            throw new Fault(
                FaultCode.Misconfigured,
                $"The pepper here, {pepperId}, was rotated away: a key made with it would stop with it.",
                $"Give this machine the current {Pepper.Setting} (Secrets:Directory); `admin pepper status` tells more.");
        }

        return (hash, pepperId);
    }
}
