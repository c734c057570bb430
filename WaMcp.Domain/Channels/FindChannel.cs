using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Channels;

/// <summary>Finds a channel by its id, its name, or the provider's id for it: commands accept all three.</summary>
/// <param name="context">The database.</param>
public sealed class FindChannel(WaMcpDbContext context)
{
    /// <summary>The channel.</summary>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public async Task<Channel> ExecuteAsync(string reference, CancellationToken cancellationToken)
    {
        var channel = TypedId.TryParse<ChannelId>(reference, out var id)
            ? await context.Channels.SingleOrDefaultAsync(candidate => candidate.Id == id, cancellationToken)
            : await context.Channels.OrderBy(candidate => candidate.Name == reference ? 0 : 1)
                .FirstOrDefaultAsync(candidate => candidate.Name == reference || candidate.ProviderId == reference, cancellationToken);
        return channel ?? throw Fault.NotFound("channel", reference, "`admin channels list` shows the channels.");
    }
}
