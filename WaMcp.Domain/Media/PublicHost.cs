using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace WaMcp.Domain.Media;

/// <summary>
/// Connections to hosts whose names somebody else chose: only to hosts whose every address is public, and to an address that was checked, so
/// that a name that changes its mind afterwards (DNS rebinding) gains nothing.
/// </summary>
internal static class PublicHost
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The addresses of a host; null when one of them is not public, or there are none.</summary>
    /// <param name="route">How servers are found.</param>
    /// <param name="host">Its name.</param>
    /// <param name="port">The port.</param>
    /// <param name="isTrusted">Whether the operator's own configuration names the host, which may be anywhere then.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <remarks>Every address of the host counts: which one would be connected to is not for whoever named it to play with.</remarks>
    /// <exception cref="SocketException">The name does not exist.</exception>
    /// <exception cref="ArgumentException">It is no name.</exception>
    public static async Task<IPAddress[]?> FindAsync(FetchRoute route, string host, int port, bool isTrusted, CancellationToken cancellationToken)
    {
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await route.Resolve(host, cancellationToken);
        return found.Length > 0 && (isTrusted || found.All(each => PublicAddress.IsPublic(each) || route.AlsoAllowed.Contains(new(each, port)))) ? found : null;
    }

    /// <summary>Connects to the first of the addresses that answers.</summary>
    /// <exception cref="HttpRequestException">None does.</exception>
    public static async ValueTask<Stream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        for (var index = 0; ; index++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                patience.CancelAfter(ConnectTimeout);
                await socket.ConnectAsync(new IPEndPoint(addresses[index], port), patience.Token);
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

    /// <summary>No proxy, cookies, credentials, redirects, decompression or trace context; nothing that a certificate names is fetched.</summary>
    public static SocketsHttpHandler Handler(
        FetchRoute route, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect) => new()
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            MaxResponseHeadersLength = 16, // KB
            MaxResponseDrainSize = 0,
            ConnectCallback = connect,
            SslOptions =
            {
                RemoteCertificateValidationCallback = route.Certificate,
                // A certificate may name where its issuer can be had, or its revocation: addresses that nobody checked.
                CertificateChainPolicy = new() { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
            },
        };
}
