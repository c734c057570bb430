using System.Net;
using System.Net.Sockets;

namespace WaMcp.Domain.Media;

/// <summary>Connects to servers that somebody else chose, and to nobody else.</summary>
/// <remarks>
/// A host is looked up once and every address it has must be public; the connection goes to an address that was checked. Nothing is followed, nothing
/// that a certificate names is fetched, and there is no proxy, cookie, trace context or decompression. Without <see cref="Pin"/> nobody is connected to.
/// </remarks>
/// <param name="route">How servers are found.</param>
public sealed class GuardedHttp(FetchRoute route)
{
    private static readonly HttpRequestOptionsKey<IPAddress[]> Checked = new("wamcp checked addresses");

    /// <summary>Sends requests; answers come as they are, redirects too.</summary>
    internal HttpMessageInvoker Open() => new(PublicHost.Handler(route, ConnectAsync));

    /// <summary>The addresses of the host; null when it may not be connected to.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="isTrusted">Whether the operator's own configuration names the host, which may be anywhere then.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="SocketException">There is no such host.</exception>
    internal Task<IPAddress[]?> ResolveAsync(Uri address, bool isTrusted, CancellationToken cancellationToken) =>
        PublicHost.FindAsync(route, address.IdnHost, address.Port, isTrusted, cancellationToken);

    /// <summary>Says which addresses the request may go to.</summary>
    internal static void Pin(HttpRequestMessage request, IPAddress[] addresses) => request.Options.Set(Checked, addresses);

    private static ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken) =>
        context.InitialRequestMessage.Options.TryGetValue(Checked, out var addresses)
            ? PublicHost.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken)
            : throw new InvalidOperationException("A connection to a host that was not checked.");
}
