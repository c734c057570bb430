using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

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
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Sends requests; answers come as they are, redirects too.</summary>
    internal HttpMessageInvoker Open() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        MaxResponseHeadersLength = 16, // KB
        MaxResponseDrainSize = 0,
        ConnectCallback = ConnectAsync,
        SslOptions =
        {
            RemoteCertificateValidationCallback = route.Certificate,
            // A certificate may name where its issuer can be had, or its revocation: addresses that nobody checked.
            CertificateChainPolicy = new() { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
        },
    });

    /// <summary>The addresses of the host; null when it may not be connected to.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="isTrusted">Whether the operator's own configuration names the host, which may be anywhere then.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="SocketException">There is no such host.</exception>
    internal async Task<IPAddress[]?> ResolveAsync(Uri address, bool isTrusted, CancellationToken cancellationToken)
    {
        var found = IPAddress.TryParse(address.IdnHost, out var literal) ? [literal] : await route.Resolve(address.IdnHost, cancellationToken);
        // Every address of the host counts: which one would be connected to is not for somebody else to play with.
        var isAllowed = isTrusted || found.All(each => PublicAddress.IsPublic(each) || route.AlsoAllowed.Contains(new(each, address.Port)));
        return found.Length > 0 && isAllowed ? found : null;
    }

    /// <summary>Says which addresses the request may go to.</summary>
    internal static void Pin(HttpRequestMessage request, IPAddress[] addresses) => request.Options.Set(Checked, addresses);

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        if (!context.InitialRequestMessage.Options.TryGetValue(Checked, out var addresses))
        {
            throw new InvalidOperationException("A connection to a host that was not checked.");
        }

        for (var index = 0; ; index++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                patience.CancelAfter(ConnectTimeout);
                await socket.ConnectAsync(new IPEndPoint(addresses[index], context.DnsEndPoint.Port), patience.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                socket.Dispose();
                cancellationToken.ThrowIfCancellationRequested();
                if (index + 1 == addresses.Length)
                {
                    throw new HttpRequestException(HttpRequestError.ConnectionError, "Nobody answers.", exception);
                }
            }
        }
    }
}
