using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace WaMcp.Domain.Media;

/// <summary>
/// Which addresses are those of servers on the internet: everything else leads to this machine, this network or nowhere
/// (https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry).
/// </summary>
/// <remarks>
/// Fails closed: of IPv6 only global unicast (2000::/3) is public, and of that nothing that carries or stands for an IPv4 address
/// (6to4, Teredo; mapped and translated ones lie outside), since that one could be anything.
/// </remarks>
internal static class PublicAddress
{
    private static readonly Block GlobalUnicast = Block.Parse("2000::/3");

    private static readonly Block[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", // this network
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // private
            "100.64.0.0/10", // shared by carriers
            "127.0.0.0/8", // loopback
            "169.254.0.0/16", // link-local, and where clouds answer for their machines
            "168.63.129.16/32", // where Azure does
            "192.0.0.0/24", // protocol assignments
            "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", // documentation
            "192.88.99.0/24", // 6to4 relays
            "198.18.0.0/15", // benchmarks
            "224.0.0.0/4", // multicast
            "240.0.0.0/4", // reserved, broadcast
            "2001::/23", // protocol assignments, Teredo among them
            "2001:db8::/32", "3fff::/20", // documentation
            "2002::/16", // 6to4
        }.Select(Block.Parse),
    ];

    /// <summary>Whether it may be connected to on behalf of somebody else.</summary>
    public static bool IsPublic(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var isRoutable = address.AddressFamily == AddressFamily.InterNetwork
            || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId == 0 && GlobalUnicast.Covers(bytes));
        return isRoutable && !Special.Any(block => block.Covers(bytes));
    }

    // Not IPNetwork: it says that 2000::/3 contains ::ffff:8.8.8.8 (.NET 10.0).
    private sealed record Block(byte[] First, int Bits)
    {
        public static Block Parse(string text) =>
            text.Split('/') is [var first, var bits] ? new(IPAddress.Parse(first).GetAddressBytes(), int.Parse(bits, CultureInfo.InvariantCulture)) : throw new FormatException(text);

        public bool Covers(byte[] address)
        {
            if (address.Length != First.Length)
            {
                return false;
            }

            for (var bit = 0; bit < Bits; bit += 8)
            {
                var mask = (byte)(0xFF << Math.Max(0, 8 - (Bits - bit)));
                if ((address[bit / 8] & mask) != First[bit / 8])
                {
                    return false;
                }
            }

            return true;
        }
    }
}
