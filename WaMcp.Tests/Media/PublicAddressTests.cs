using System.Net;
using System.Numerics;
using WaMcp.Domain.Media;

namespace WaMcp.Tests.Media;

/// <summary>Which addresses may be connected to on a caller's behalf.</summary>
public sealed class PublicAddressTests
{
    /// <summary>IANA's special-purpose registries and address spaces as they stand, as first and last address: not a line of it comes from the code.</summary>
    private static readonly (string First, string Last)[] Registry =
    [
        ("0.0.0.0", "0.255.255.255"), ("10.0.0.0", "10.255.255.255"), ("100.64.0.0", "100.127.255.255"), ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"), ("172.16.0.0", "172.31.255.255"), ("192.0.0.0", "192.0.0.255"), ("192.0.2.0", "192.0.2.255"),
        ("192.88.99.0", "192.88.99.255"), ("192.168.0.0", "192.168.255.255"), ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"), ("203.0.113.0", "203.0.113.255"), ("224.0.0.0", "255.255.255.255"),
        ("168.63.129.16", "168.63.129.16"), // Azure's own, in no registry
        ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), // among it ::1, mapped, translated (64:ff9b::, 64:ff9b:1::), discard-only 100::
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"), // IETF protocol assignments: Teredo, benchmarking, ORCHID
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), // not global unicast: SRv6 5f00::, ULA, link-local, site-local, multicast
    ];

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("10.255.255.255")]
    [InlineData("100.64.0.1")]
    [InlineData("100.100.100.200")]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.8.8")]
    [InlineData("168.63.129.16")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.254")]
    [InlineData("192.0.0.8")]
    [InlineData("192.0.0.192")]
    [InlineData("192.0.2.1")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.51.100.7")]
    [InlineData("203.0.113.7")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.250")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::a00:1")]
    [InlineData("100::1")]
    [InlineData("2001::1")]
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2")]
    [InlineData("2001:2::1")]
    [InlineData("2001:20::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2002:808:808::1")]
    [InlineData("3fff::1")]
    [InlineData("5f00::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    [InlineData("2606:4700::1%1")]
    public void AnAddressThatIsNotAPublicServersIsRefused(string address) => PublicAddress.IsPublic(IPAddress.Parse(address)).ShouldBeFalse();

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("8.8.8.8")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.167.255.255")]
    [InlineData("223.255.255.255")]
    [InlineData("2606:4700::1111")]
    [InlineData("2001:4860:4860::8888")]
    [InlineData("2003::1")]
    [InlineData("2a00:1450:4001::1")]
    public void APublicServersAddressIsNot(string address) => PublicAddress.IsPublic(IPAddress.Parse(address)).ShouldBeTrue();

    [Fact]
    public void WhateverTheAddressTheRegistriesDecide()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("WAMCP_FUZZ_SEED"), out var given) ? given : 1;
        var random = new Random(seed);
        var (open, closed) = (0, 0);
        for (var round = 0; round < 300_000; round++)
        {
            var address = Draw(random);
            var isPublic = PublicAddress.IsPublic(address);
            isPublic.ShouldBe(!Registry.Any(range => Covers(range, address)), $"{address} with seed {seed}");
            (open, closed) = isPublic ? (open + 1, closed) : (open, closed + 1);
        }

        open.ShouldBeGreaterThan(50_000);
        closed.ShouldBeGreaterThan(50_000);
    }

    // Anywhere, or next to where a range begins or ends.
    private static IPAddress Draw(Random random)
    {
        if (random.Next(3) == 0)
        {
            var (first, last) = Registry[random.Next(Registry.Length)];
            var edge = IPAddress.Parse(random.Next(2) == 0 ? first : last);
            var width = edge.GetAddressBytes().Length;
            var moved = Number(edge) + random.Next(-2, 3);
            return moved < 0 || moved >= BigInteger.One << (width * 8) ? edge : Address(moved, width);
        }

        var bytes = new byte[random.Next(2) == 0 ? 4 : 16];
        random.NextBytes(bytes);
        if (bytes.Length == 16 && random.Next(4) == 0)
        {
            // An IPv4 address in disguise: compatible, mapped, translated, 6to4.
            var prefix = IPAddress.Parse(random.Next(4) switch { 0 => "::", 1 => "::ffff:0:0", 2 => "64:ff9b::", _ => "2002::" }).GetAddressBytes();
            return new IPAddress([.. prefix[..12], .. bytes[12..]]);
        }

        if (bytes.Length == 16 && random.Next(4) > 0)
        {
            bytes[0] = (byte)(0x20 | (bytes[0] & 0x1F)); // or else seven of eight are closed
        }

        return new IPAddress(bytes);
    }

    private static bool Covers((string First, string Last) range, IPAddress address) =>
        IPAddress.Parse(range.First) is var first && first.AddressFamily == address.AddressFamily
        && Number(first) <= Number(address) && Number(address) <= Number(IPAddress.Parse(range.Last));

    private static BigInteger Number(IPAddress address) => new(address.GetAddressBytes(), isUnsigned: true, isBigEndian: true);

    private static IPAddress Address(BigInteger number, int width)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return new IPAddress([.. new byte[width - bytes.Length], .. bytes]);
    }
}
