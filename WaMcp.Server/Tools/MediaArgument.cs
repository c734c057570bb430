using Microsoft.EntityFrameworkCore;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Contacts;
using WaMcp.Domain.Data;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;

namespace WaMcp.Server.Tools;

/// <summary>A file that a caller names and may see.</summary>
/// <param name="File">The file.</param>
/// <param name="Carrier">The message that shows whose it is, over a channel of the caller's.</param>
/// <param name="Contact">Whom that is from or to.</param>
/// <param name="Channel">That channel.</param>
internal sealed record MediaArgument(MediaObject File, Message Carrier, Contact Contact, GrantedChannel Channel)
{
    /// <summary>The tool whose scope and grants say who sees files, however they are asked for.</summary>
    public const string Tool = "get_media";

    public bool IsFromContact => Carrier.Direction == MessageDirection.Inbound;

    /// <summary>What it is called: by the contact in their message, or by the client.</summary>
    public string? FileName => IsFromContact ? InboundContent.TryFromJson(Carrier.Content)?.File?.FileName : File.FileName;

    public Origin Origin => IsFromContact ? Origin.Of(Contact, Channel.Kind) : Origin.Of(Channel);

    /// <summary>Finds it among the files that went or came over channels of the caller's.</summary>
    /// <remarks>Another client's, one over a channel that is not the caller's and one that never was have the same answer.</remarks>
    /// <exception cref="Fault"><c>not_found</c>.</exception>
    public static async Task<MediaArgument> FindAsync(
        ClientContext caller, IServiceProvider services, MediaObjectId id, CancellationToken cancellationToken)
    {
        var granted = caller.ChannelsFor(Tool).ToDictionary(channel => channel.Id);
        var found = await services.GetRequiredService<FindMedia>().ExecuteAsync(id, granted.Keys, cancellationToken);
        var contact = found is { Carrier: { } carried }
            ? await services.GetRequiredService<WaMcpDbContext>().Contacts.AsNoTracking().SingleOrDefaultAsync(row => row.Id == carried.ContactId, cancellationToken)
            : null;
        return found is { Carrier: { } carrier } && contact is not null
            ? new MediaArgument(found.File, carrier, contact, granted[carrier.ChannelId])
            : throw Fault.NotFound("media", id.ToString(), "The messages that carry files tell their ids as mediaIds.");
    }
}
