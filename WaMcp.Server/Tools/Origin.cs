using System.ComponentModel;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;

namespace WaMcp.Server.Tools;

/// <summary>
/// Where text comes from that nobody here wrote. Whatever object of an answer holds such text says so itself: <c>untrusted</c> and <c>origin</c> stand
/// beside it, in every tool.
/// </summary>
internal sealed record Origin(
    [property: Description("The contact who wrote it; absent when no contact did.")] string? Contact,
    [property: Description("The id of the channel that it came over.")] string Channel,
    [property: Description("The provider that it came through.")] ChannelKind Via)
{
    public static Origin Of(Contact contact, ChannelKind kind) => new(contact.Id.ToString(), contact.ChannelId.ToString(), kind);

    public static Origin Of(GrantedChannel channel) => new(null, channel.Id.ToString(), channel.Kind);
}
