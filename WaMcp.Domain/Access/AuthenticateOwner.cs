using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Access;

/// <summary>
/// What the request path must know about the owner, who needs no key at the machine itself (stdio): whoever can start a program with the
/// database's password needs no other proof.
/// </summary>
/// <remarks>
/// Fails closed: without an owner, and with a disabled one, there is no context, and the caller sees an error while the audit row
/// <c>auth_failed</c> says why. Postgres is asked at every call, so a disable or a revoked grant is in force on the next one. The owner
/// may call every tool, and like everybody else needs a grant on a channel.
/// </remarks>
/// <param name="database">As wa_app.</param>
public sealed class AuthenticateOwner(WaMcpDbContext database)
{
    /// <summary>Finds the owner as it is at this moment.</summary>
    public async Task<OwnerCheck> ExecuteAsync(CancellationToken cancellationToken)
    {
        if (await database.Clients.AsNoTracking().SingleOrDefaultAsync(client => client.IsOwner, cancellationToken) is not { } owner)
        {
            return OwnerCheck.Refused(OwnerCheck.NoOwner);
        }

        if (owner.DisabledAt is not null)
        {
            return OwnerCheck.Refused(OwnerCheck.Disabled, owner.Id);
        }

        var channels = await (
            from grant in database.Grants
            join channel in database.Channels on grant.ChannelId equals channel.Id
            where grant.ClientId == owner.Id && grant.RevokedAt == null
            orderby channel.Name
            select new GrantedChannel(
                channel.Id, grant.Id, channel.Name, channel.Kind, channel.ProviderId, channel.Address, grant.Tools, grant.DailyMessageCap))
            .AsNoTracking().ToListAsync(cancellationToken);
        // The per-minute limit and the daily cap are a key's.
        return OwnerCheck.Passed(new ClientContext(
            owner.Id, owner.Slug, ApiKeyId: null, Scopes.Owner, RpmLimit: int.MaxValue, DailyMessageLimit: null, channels));
    }
}
