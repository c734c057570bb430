using System.Collections.Frozen;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Access;

/// <summary>
/// What a key may touch at all: <c>tools:&lt;name&gt;</c>, <c>tools:*</c>, <c>numbers:&lt;channel id&gt;</c>, <c>numbers:*</c>.
/// </summary>
/// <remarks>
/// Fails closed: what is not listed is denied (<c>scope_denied</c>, HTTP 403), and a wildcard counts only for the owner, here at request
/// time as well as at mint, so a wildcard that got into the table some other way opens nothing.
/// </remarks>
public sealed class Scopes
{
    private const string ToolPrefix = "tools:";
    private const string NumberPrefix = "numbers:";

    private readonly FrozenSet<string> tools;
    private readonly FrozenSet<ChannelId> channels;
    private readonly bool allTools;
    private readonly bool allChannels;

    /// <summary>Reads stored scopes; text that is no scope grants nothing.</summary>
    public Scopes(IReadOnlyCollection<string> scopes, bool isOwner)
    {
        tools = scopes.Where(scope => scope.StartsWith(ToolPrefix, StringComparison.Ordinal))
            .Select(scope => scope[ToolPrefix.Length..]).ToFrozenSet(StringComparer.Ordinal);
        channels = scopes.Where(scope => scope.StartsWith(NumberPrefix, StringComparison.Ordinal))
            .Select(scope => TypedId.TryParse<ChannelId>(scope[NumberPrefix.Length..], out var id) ? id : default)
            .Where(id => id != default).ToFrozenSet();
        allTools = isOwner && tools.Contains("*");
        allChannels = isOwner && scopes.Contains($"{NumberPrefix}*");
    }

    /// <summary>Every tool and every channel: the owner at the machine itself (stdio).</summary>
    public static Scopes Owner { get; } = new([$"{ToolPrefix}*", $"{NumberPrefix}*"], isOwner: true);

    /// <summary>Whether the key may call the tool.</summary>
    public bool AllowTool(string tool) => allTools || (tool != "*" && tools.Contains(tool));

    /// <summary>Whether the key may name the channel.</summary>
    public bool AllowChannel(ChannelId channel) => allChannels || channels.Contains(channel);

    /// <summary>Splits and checks one scope given by an operator.</summary>
    /// <returns>Its kind (<c>tools</c> or <c>numbers</c>) and what it names.</returns>
    /// <exception cref="Fault">It is not a scope, or a wildcard for somebody who is not the owner.</exception>
    public static (string Kind, string Name) Parse(string scope, bool isOwner)
    {
        var colon = scope.IndexOf(':', StringComparison.Ordinal);
        var (kind, name) = colon < 0 ? (scope, "") : (scope[..colon], scope[(colon + 1)..]);
        if (kind is not ("tools" or "numbers") || name.Length == 0)
        {
            throw Fault.Invalid("scopes", $"'{scope}' is not a scope.", "Use tools:<tool name> or numbers:<channel>, separated by commas.");
        }

        return name == "*" && !isOwner
            ? throw Fault.Invalid("scopes", $"'{scope}' is a wildcard, and only the owner's keys may hold one.", "Name each tool and channel.")
            : (kind, name);
    }
}
