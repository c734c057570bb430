using System.Net;
using System.Net.Security;

namespace WaMcp.Domain.Media;

/// <summary>How <see cref="FetchMedia"/> finds servers and whom it trusts. No setting reaches this: only a test puts another one in its place.</summary>
public sealed class FetchRoute
{
    /// <summary>Looks a host name up.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>A test's own servers, which may be connected to although they are not public.</summary>
    internal IReadOnlyCollection<IPEndPoint> AlsoAllowed { get; init; } = [];

    /// <summary>Judges a test server's certificate; null for the usual way.</summary>
    internal RemoteCertificateValidationCallback? Certificate { get; init; }
}
