using WaMcp.Domain.Tenancy;

namespace WaMcp.Domain.Access;

/// <summary>Everything the request path needs to know about a caller: who, with which key, and what it may do where.</summary>
/// <remarks>
/// The methods are the two layers of authorization. Both fail closed by throwing a <see cref="Fault"/> that the edge turns into HTTP 403
/// and one audit row (<c>scope_denied</c> or <c>grant_denied</c>). A channel that does not exist, one of another client and one whose
/// grant was revoked give the same answer, so a caller cannot find out what else there is.
/// </remarks>
/// <param name="ClientId">The client.</param>
/// <param name="Slug">Its name.</param>
/// <param name="ApiKeyId">The key; null at the machine itself (stdio).</param>
/// <param name="Scopes">What the key may touch.</param>
/// <param name="RpmLimit">Tool calls a minute.</param>
/// <param name="DailyMessageLimit">The key's daily cap.</param>
/// <param name="Channels">The channels the client was granted.</param>
public sealed record ClientContext(
    ClientId ClientId,
    string Slug,
    ApiKeyId? ApiKeyId,
    Scopes Scopes,
    int RpmLimit,
    int? DailyMessageLimit,
    IReadOnlyList<GrantedChannel> Channels)
{
    /// <summary>Refuses a tool that the key's scopes do not contain.</summary>
    /// <exception cref="Fault"><c>scope_denied</c>.</exception>
    public void RequireScope(string tool)
    {
        if (!Scopes.AllowTool(tool))
        {
            throw new Fault(FaultCode.ScopeDenied, $"This key may not call {tool}.", $"Ask the operator for a key with the scope tools:{tool}.");
        }
    }

    /// <summary>Finds the channel that the input names, if this caller may use the tool on it.</summary>
    /// <exception cref="Fault"><c>grant_denied</c>, or <c>scope_denied</c> when the client holds the grant but this key may not use the number.</exception>
    public GrantedChannel RequireGrant(string channel, string tool)
    {
        var granted = Channels.FirstOrDefault(candidate => candidate.IsNamedBy(channel));
        if (granted is null || !granted.AllowsTool(tool))
        {
            throw new Fault(
                FaultCode.GrantDenied,
                $"No grant for {tool} on that channel.",
                "Call list_channels to see which channels and tools you were granted, or ask the operator for the grant.");
        }

        return Scopes.AllowChannel(granted.Id)
            ? granted
            : throw new Fault(
                FaultCode.ScopeDenied,
                "This key may not use that channel.",
                $"Ask the operator for a key with the scope numbers:{granted.Id}.");
    }

    /// <summary>The channels on which this key may use the tool.</summary>
    public IEnumerable<GrantedChannel> ChannelsFor(string tool) =>
        Channels.Where(channel => channel.AllowsTool(tool) && Scopes.AllowChannel(channel.Id));

    /// <summary>The channels that this key may name at all.</summary>
    public IEnumerable<GrantedChannel> VisibleChannels => Channels.Where(channel => Scopes.AllowChannel(channel.Id));
}
