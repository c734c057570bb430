using System.Net;

namespace WaMcp.ServiceDefaults;

/// <summary>Which proxies stand in front of us. Section <c>Proxies</c>.</summary>
public sealed class ProxiesOptions
{
    /// <summary>
    /// Addresses (<c>10.0.0.5</c>) and networks (<c>10.0.0.0/8</c>, <c>fd00::/8</c>) whose word about the client is taken. Nobody's unless
    /// told, not even this machine's.
    /// </summary>
    public IList<string> Trusted { get; } = [];

    /// <summary>An entry as a network, of one address if it is one; null when it is neither.</summary>
    internal static IPNetwork? Read(string entry)
    {
        var address = entry.Split('/')[0];
        // Short forms are more often a slip than meant (10.1 would be 10.0.0.1), and ports have no place here.
        var isWhole = address.Contains(':', StringComparison.Ordinal)
            ? address.All(character => char.IsAsciiHexDigit(character) || character is ':' or '.')
            : IPAddress.TryParse(address, out var four) && four.ToString() == address;
        if (isWhole && IPNetwork.TryParse(entry, out var network))
        {
            return network;
        }

        return isWhole && IPAddress.TryParse(entry, out var one) ? new IPNetwork(one, one.GetAddressBytes().Length * 8) : null;
    }
}
