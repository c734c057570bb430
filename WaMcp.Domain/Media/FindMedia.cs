using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;
using WaMcp.Domain.Messages;

namespace WaMcp.Domain.Media;

/// <summary>Finds a file of the scope's client and the message that shows whose it is.</summary>
/// <param name="context">The scope's client's data.</param>
public sealed class FindMedia(WaMcpDbContext context)
{
    /// <summary>A file that is here.</summary>
    /// <param name="File">The file.</param>
    /// <param name="Carrier">The first message that carries it over one of the channels, a contact's before the client's own; null when there is none.</param>
    public sealed record Found(MediaObject File, Message? Carrier);

    /// <summary>The file alone; null when it is not here, or was given up.</summary>
    public Task<MediaObject?> FileAsync(MediaObjectId id, CancellationToken cancellationToken) =>
        context.MediaObjects.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id && row.DeletedAt == null, cancellationToken);

    /// <summary>Null when it is not here, or was given up.</summary>
    /// <param name="id">Which.</param>
    /// <param name="over">The channels whose messages count.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<Found?> ExecuteAsync(MediaObjectId id, IEnumerable<ChannelId> over, CancellationToken cancellationToken)
    {
        var file = await FileAsync(id, cancellationToken);
        Guid[] channels = [.. over.Select(channel => channel.Value)];
        if (file is null || channels.Length == 0)
        {
            return file is null ? null : new Found(file, null);
        }

        var carriers = await context.Database
            .SqlQuery<Guid>($"""SELECT message AS "Value" FROM carrier_of_media({id.Value}, {channels}) AS message""").ToListAsync(cancellationToken);
        var carrier = carriers is [var first, ..] && new MessageId(first) is var known
            ? await context.Messages.AsNoTracking().SingleOrDefaultAsync(message => message.Id == known, cancellationToken)
            : null;
        return new Found(file, carrier);
    }
}
