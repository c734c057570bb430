using WaMcp.Domain.Channels;

namespace WaMcp.Domain.Access;

/// <summary>A channel as one client may use it.</summary>
/// <param name="Id">The channel.</param>
/// <param name="GrantId">The grant that says so.</param>
/// <param name="Name">The operator's name for the channel.</param>
/// <param name="Kind">Which provider.</param>
/// <param name="ProviderId">The provider's id: for WhatsApp the phone number id.</param>
/// <param name="Address">What people see: for WhatsApp the display phone number.</param>
/// <param name="Tools">What the grant allows.</param>
/// <param name="DailyMessageCap">The grant's cap.</param>
public sealed record GrantedChannel(
    ChannelId Id,
    GrantId GrantId,
    string Name,
    ChannelKind Kind,
    string ProviderId,
    string Address,
    IReadOnlyList<string> Tools,
    int? DailyMessageCap)
{
    /// <summary>Whether the grant contains the tool.</summary>
    public bool AllowsTool(string tool) => Tools.Contains(tool, StringComparer.Ordinal);

    /// <summary>Whether a caller's text means this channel: its id, its name, or the provider's own id for it.</summary>
    public bool IsNamedBy(string text) =>
        text == Id.ToString() || string.Equals(text, Name, StringComparison.Ordinal) || string.Equals(text, ProviderId, StringComparison.Ordinal);
}
