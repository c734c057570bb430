using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Access;

/// <summary>Finds a key by its id or its public prefix: commands accept both.</summary>
/// <param name="context">The database.</param>
public sealed class FindKey(WaMcpDbContext context)
{
    /// <summary>The key.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<ApiKey> ExecuteAsync(string idOrPrefix, CancellationToken cancellationToken)
    {
        var key = TypedId.TryParse<ApiKeyId>(idOrPrefix, out var id)
            ? await context.ApiKeys.SingleOrDefaultAsync(candidate => candidate.Id == id, cancellationToken)
            : await context.ApiKeys.SingleOrDefaultAsync(candidate => candidate.Prefix == idOrPrefix, cancellationToken);
        return key ?? throw Fault.NotFound("key", Shown(idOrPrefix), "`admin keys list` shows the keys.");
    }

    // Somebody who pastes the whole token must not find it in an error, and from there in a log.
    private static string Shown(string text) => KeyToken.TryParse(text.Trim(), out var token) ? token.Prefix : text;
}
