using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Messages;

/// <summary>Lists a client's messages for an operator.</summary>
/// <param name="context">The database.</param>
/// <param name="tenant">Becomes the client: from then on row-level security shows this client's records only.</param>
/// <param name="clients">Finds the client.</param>
/// <param name="channels">Finds the channel.</param>
public sealed class ListMessages(WaMcpDbContext context, TenantContext tenant, FindClient clients, FindChannel channels)
{
    /// <summary>The newest, newest first.</summary>
    /// <param name="client">Whose: id or slug.</param>
    /// <param name="state">Only those in this state.</param>
    /// <param name="channel">Only those over this channel: its id, name or the provider's id for it.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<IReadOnlyList<Message>> ExecuteAsync(
        string client, MessageState? state, string? channel, int most, CancellationToken cancellationToken)
    {
        var over = channel is null ? (ChannelId?)null : (await channels.ExecuteAsync(channel, cancellationToken)).Id;
        tenant.Set((await clients.ExecuteAsync(client, cancellationToken)).Id);
        return await context.Messages.AsNoTracking()
            .Where(message => (state == null || message.State == state) && (over == null || message.ChannelId == over))
            .OrderByDescending(message => message.CreatedAt).ThenByDescending(message => message.Id)
            .Take(most)
            .ToListAsync(cancellationToken);
    }
}
