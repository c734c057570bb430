using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Access;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Grants;

/// <summary>Reads grants with the names of whom and what they join.</summary>
internal static class GrantRows
{
    /// <summary>All grants, or one client's; by client, then as they were made.</summary>
    public static async Task<GrantRow[]> ReadAsync(WaMcpDbContext context, ClientId? of, CancellationToken cancellationToken)
    {
        var query =
            from grant in context.Grants.AsNoTracking()
            join client in context.Clients on grant.ClientId equals client.Id
            join channel in context.Channels on grant.ChannelId equals channel.Id
            where of == null || grant.ClientId == of
            orderby client.Slug, grant.CreatedAt, grant.Id
            select new { Grant = grant, Client = client.Slug, Channel = channel.Name };
        return [.. (await query.ToListAsync(cancellationToken)).Select(row => GrantRow.Of(row.Grant, row.Client, row.Channel))];
    }

    /// <summary>The grant that was just changed; the verb that changed it has loaded its client and its channel.</summary>
    public static async Task<GrantRow> OfAsync(WaMcpDbContext context, Grant grant, CancellationToken cancellationToken)
    {
        var client = await context.Clients.FindAsync([grant.ClientId], cancellationToken);
        var channel = await context.Channels.FindAsync([grant.ChannelId], cancellationToken);
        return GrantRow.Of(grant, client!.Slug, channel!.Name);
    }
}
