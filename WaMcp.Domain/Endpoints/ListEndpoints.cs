using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using WaMcp.Domain.Data;
using WaMcp.Domain.Jobs;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Endpoints;

/// <summary>Lists endpoints for an operator, of one client or of all.</summary>
/// <param name="clients">Finds the client.</param>
/// <param name="find">Knows who has endpoints.</param>
/// <param name="scopes">One for each client.</param>
public sealed class ListEndpoints(FindClient clients, FindEndpoint find, IServiceScopeFactory scopes)
{
    /// <summary>An endpoint, and what there is to send to it.</summary>
    /// <param name="Endpoint">The endpoint.</param>
    /// <param name="Client">Whose, by its slug.</param>
    /// <param name="Waiting">Events that wait for their first or next attempt.</param>
    /// <param name="Dead">Events that were given up.</param>
    public sealed record Listed(Endpoint Endpoint, string Client, int Waiting, int Dead);

    /// <summary>All, oldest first.</summary>
    /// <param name="client">Only this client's: id or slug.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<IReadOnlyList<Listed>> ExecuteAsync(string? client, CancellationToken cancellationToken)
    {
        var owners = client is null ? await find.OwnersAsync(null, cancellationToken) : [(await clients.ExecuteAsync(client, cancellationToken)).Id];
        var all = new List<Listed>();
        foreach (var owner in owners)
        {
            await using var scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<TenantContext>().Set(owner);
            all.AddRange(await OfAsync(scope.ServiceProvider.GetRequiredService<WaMcpDbContext>(), owner, cancellationToken));
        }

        return [.. all.OrderBy(listed => listed.Endpoint.CreatedAt).ThenBy(listed => listed.Endpoint.Id.Value)];
    }

    private static async Task<IEnumerable<Listed>> OfAsync(WaMcpDbContext context, ClientId owner, CancellationToken cancellationToken)
    {
        var slug = await context.Clients.Where(client => client.Id == owner).Select(client => client.Slug).SingleAsync(cancellationToken);
        var endpoints = await context.Endpoints.AsNoTracking().ToListAsync(cancellationToken);
        var jobs = await context.Jobs.Where(job => job.Kind == JobKind.Notify && job.ClientId == owner)
            .GroupBy(job => new { job.EndpointId, IsDead = job.DeadAt != null })
            .Select(group => new { group.Key.EndpointId, group.Key.IsDead, Count = group.Count() })
            .ToListAsync(cancellationToken);
        return endpoints.Select(endpoint => new Listed(endpoint, slug, Count(endpoint.Id, false), Count(endpoint.Id, true)));

        int Count(EndpointId id, bool isDead) => jobs.Where(job => job.EndpointId == id && job.IsDead == isDead).Sum(job => job.Count);
    }
}
