using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>Takes a client's right on a channel back, from the next request on.</summary>
/// <param name="context">The database.</param>
/// <param name="clients">Finds the client.</param>
/// <param name="channels">Finds the channel.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="clock">Stamps it.</param>
public sealed class RevokeGrant(WaMcpDbContext context, FindClient clients, FindChannel channels, AuditedChange change, TimeProvider clock)
{
    /// <summary>Revokes the grant in force.</summary>
    /// <exception cref="Fault"><c>not_found</c>: no such client, channel or grant.</exception>
    public async Task<Grant> ExecuteAsync(string client, string channel, CancellationToken cancellationToken)
    {
        var from = await clients.ExecuteAsync(client, cancellationToken);
        var on = await channels.ExecuteAsync(channel, cancellationToken);
        var grant = await context.Grants
            .SingleOrDefaultAsync(candidate => candidate.ClientId == from.Id && candidate.ChannelId == on.Id && candidate.RevokedAt == null, cancellationToken)
            ?? throw new Fault(
                FaultCode.NotFound, $"{from.Slug} holds no grant on {on.Name}.", $"`admin grants list --client {from.Slug}` shows what it holds.");
        grant.RevokedAt = clock.GetUtcNow();
        await change.SaveAsync(
            change.Row(AuditAction.GrantRevoked) with { ClientId = from.Id, ChannelId = on.Id },
            new() { ["grant"] = grant.Id.ToString() },
            cancellationToken);
        return grant;
    }
}
