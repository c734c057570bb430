using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace WaMcp.Domain.Media;

/// <summary>Fetches a file from an https address that a caller gave.</summary>
/// <remarks>
/// The address is hostile: the caller may want us to talk to what only we can reach. Only https, only the usual port, only hosts whose every
/// address is public; the connection goes to an address that was checked, so a name that changes its mind afterwards (DNS rebinding) gains
/// nothing; redirects are followed by hand and checked like the first; nothing that a certificate names is fetched. No proxy, cookies, credentials or trace context, no decompression,
/// and a limit on time and bytes that does not rely on what the server says. What a refused host is, does not show: a name that does not exist, one that
/// leads inside, and one where nobody answers have the same words. Fails closed with <c>invalid_input</c>; the call's audit row has the reason.
/// </remarks>
/// <param name="route">How servers are found.</param>
/// <param name="options">Ports and the time limit.</param>
/// <param name="clock">Measures the time.</param>
public sealed class FetchMedia(FetchRoute route, IOptions<MediaOptions> options, TimeProvider clock)
{
    private const string Field = "url";
    private const int MaxRedirects = 3;
    private const string Elsewhere = "Give an https address that everybody on the internet can fetch, or pass the file itself.";

    private readonly GuardedHttp guarded = new(route);

    /// <summary>Writes the file down.</summary>
    /// <param name="address">As the caller gave it.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="maxBytes">The most bytes.</param>
    /// <param name="cancellationToken">Stops, and leaves nothing behind.</param>
    /// <returns>The file, and the type that the server says it has.</returns>
    /// <exception cref="Fault"><c>invalid_input</c>: what was wrong with the address or its answer; <c>unavailable</c>: it cannot be stored.</exception>
    public async Task<(StagedFile File, string? Type)> ExecuteAsync(string address, string folder, long maxBytes, CancellationToken cancellationToken)
    {
        var timeout = options.Value.FetchTimeout;
        using var timer = new CancellationTokenSource(timeout, clock);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            using var http = guarded.Open();
            using var response = await FollowAsync(http, Parse(address), patience.Token);
            return await ReadAsync(response, folder, maxBytes, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Fault.Invalid(Field, $"the file did not come within {timeout.TotalSeconds} seconds.", Elsewhere);
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidDataException or IOException or SocketException)
        {
            throw exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } or SocketException
                ? Refused(exception)
                : Fault.Invalid(Field, "the server broke off, or does not speak HTTPS as it should.", Elsewhere);
        }
    }

    private async Task<HttpResponseMessage> FollowAsync(HttpMessageInvoker http, Uri address, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address) { Version = HttpVersion.Version11 };
            request.Headers.TryAddWithoutValidation("Accept", "*/*");
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
            request.Headers.TryAddWithoutValidation("User-Agent", "WaMcp");
            GuardedHttp.Pin(request, await ResolveAsync(address, cancellationToken));
            var response = await http.SendAsync(request, cancellationToken);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } next)
            {
                return response;
            }

            response.Dispose();
            if (redirects == MaxRedirects)
            {
                throw Fault.Invalid(Field, $"the address redirects more than {MaxRedirects} times.", Elsewhere);
            }

            address = next.IsAbsoluteUri ? Parse(next.OriginalString)
                : Uri.TryCreate(address, next, out var absolute) ? Parse(absolute.AbsoluteUri)
                : throw Fault.Invalid(Field, "the address redirects to what is no address.", Elsewhere);
        }
    }

    private Uri Parse(string text)
    {
        if (text.Length > 2048 || !Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps || address.IdnHost.Length == 0)
        {
            throw Fault.Invalid(Field, "only https addresses are fetched.", Elsewhere);
        }

        if (address.UserInfo.Length > 0)
        {
            throw Fault.Invalid(Field, "the address must hold no user name or password.", Elsewhere);
        }

        IList<int> ports = options.Value.FetchPorts is { Count: > 0 } configured ? configured : [443];
        return ports.Contains(address.Port)
            ? address
            : throw Fault.Invalid(Field, $"only port {string.Join(", ", ports)} is fetched from.", Elsewhere);
    }

    private async Task<IPAddress[]> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            return await guarded.ResolveAsync(address, isTrusted: false, cancellationToken) ?? throw Refused(null);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw Refused(exception);
        }
    }

    private static async Task<(StagedFile File, string? Type)> ReadAsync(
        HttpResponseMessage response, string folder, long maxBytes, CancellationToken cancellationToken)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw Fault.Invalid(Field, $"the server answered HTTP {(int)response.StatusCode}.", Elsewhere);
        }

        if (response.Content.Headers.ContentEncoding.Any(encoding => !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)))
        {
            throw Fault.Invalid(Field, "the server compressed the file although it was asked not to.", Elsewhere);
        }

        if (response.Content.Headers.ContentLength > maxBytes)
        {
            throw TooLarge(maxBytes);
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var file = await StagedFile.WriteAsync(folder, body, maxBytes, cancellationToken) ?? throw TooLarge(maxBytes);
        return (file, response.Content.Headers.ContentType?.MediaType);
    }

    private static Fault TooLarge(long maxBytes) => Fault.Invalid(Field, $"the file is larger than {MediaLimits.Write(maxBytes)}, the limit.");

    private static Fault Refused(Exception? cause) =>
        new(FaultCode.InvalidInput, $"{Field}: the host cannot be reached on the public internet.", Elsewhere, Field, inner: cause);
}
