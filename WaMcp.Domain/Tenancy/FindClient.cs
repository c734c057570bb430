using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Tenancy;

/// <summary>Finds a client by its id or its slug: commands accept both.</summary>
/// <param name="context">The database.</param>
public sealed class FindClient(WaMcpDbContext context)
{
    /// <summary>The client.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<Client> ExecuteAsync(string idOrSlug, CancellationToken cancellationToken)
    {
        var client = TypedId.TryParse<ClientId>(idOrSlug, out var id)
            ? await context.Clients.SingleOrDefaultAsync(candidate => candidate.Id == id, cancellationToken)
            : await context.Clients.SingleOrDefaultAsync(candidate => candidate.Slug == idOrSlug, cancellationToken);
        return client ?? throw Fault.NotFound("client", idOrSlug, "`admin clients list` shows the clients.");
    }
}
