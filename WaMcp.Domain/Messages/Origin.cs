using System.ComponentModel;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Contacts;

namespace WaMcp.Domain.Messages;

/// <summary>
/// Where text comes from that nobody here wrote. The object of an answer that holds such text says so itself: <c>untrusted</c> and <c>origin</c> stand
/// beside it, in every tool, also in parts of parts.
/// </summary>
public sealed record Origin(
    [property: Description("Whose words: contact, provider (it, or somebody at its account), or advertisement.")] OriginKind By,
    [property: Description("The contact with whose message it came; absent for what came with none.")] string? Contact,
    [property: Description("The id of the channel that it came over.")] string Channel,
    [property: Description("The provider that it came through.")] ChannelKind Via)
{
    /// <summary>A person, over that kind of channel.</summary>
    public static Origin Of(Contact contact, ChannelKind kind) => new(OriginKind.Contact, contact.Id.ToString(), contact.ChannelId.ToString(), kind);

    /// <summary>The provider, or somebody at the account of a channel.</summary>
    public static Origin Of(GrantedChannel channel) => new(OriginKind.Provider, null, channel.Id.ToString(), channel.Kind);
}
