using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Media;

namespace WaMcp.Domain.Endpoints;

/// <summary>Posts a signed event to an address that a client chose.</summary>
/// <remarks>
/// The address is hostile, as that of <see cref="FetchMedia"/> is: https only, to hosts whose every address is public, checked when the
/// connection is made; redirects are not followed; of the answer only status and headers are read; the time is limited. Only
/// <see cref="EndpointOptions.AlsoAllowed"/> is posted to unchecked. What went wrong is told to operators only.
/// </remarks>
public sealed class PostEvent : IDisposable
{
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2); // addresses change, and are checked again

    private readonly HttpMessageInvoker http;
    private readonly FetchRoute route;
    private readonly EndpointOptions options;
    private readonly TimeProvider clock;

    /// <summary>One for the whole process.</summary>
    /// <param name="route">How servers are found.</param>
    /// <param name="options">Time limit, and what else is allowed.</param>
    /// <param name="clock">Measures the time.</param>
    public PostEvent(FetchRoute route, IOptions<EndpointOptions> options, TimeProvider clock)
    {
        (this.route, this.options, this.clock) = (route, options.Value, clock);
        var handler = PublicHost.Handler(route, ConnectAsync);
        handler.ActivityHeadersPropagator = null; // no span: it would have the address, which may hold a secret
        handler.PooledConnectionLifetime = ConnectionLifetime;
        handler.ConnectTimeout = this.options.Timeout; // a connection is not given up with the request that wanted it
        handler.MaxResponseDrainSize = 16 * 1024; // keeps the connection of whoever answers a few words
        http = new HttpMessageInvoker(handler);
    }

    /// <summary>What became of an attempt.</summary>
    /// <param name="Status">The HTTP status; null when there was no answer.</param>
    /// <param name="Error">Why it failed, for the operator; null when the receiver took it.</param>
    /// <param name="Outcome">The same as a word for telemetry.</param>
    /// <param name="RetryAfter">For how long the receiver wants nothing.</param>
    public sealed record Answer(int? Status, string? Error, string Outcome, TimeSpan? RetryAfter);

    /// <summary>Whether an address may be an endpoint's, as far as that shows without looking it up.</summary>
    /// <exception cref="Fault"><c>invalid_input</c>.</exception>
    public static Uri Parse(string field, string text, EndpointOptions options)
    {
        if (text.Length > 2048 || !Uri.TryCreate(text, UriKind.Absolute, out var address) || address.IdnHost.Length == 0)
        {
            throw Fault.Invalid(field, "is not a web address.", "Give one like https://example.com/webhooks.");
        }

        if (address.UserInfo.Length > 0 || address.Fragment.Length > 0)
        {
            throw Fault.Invalid(field, "must hold no user name, password or fragment.", "The signature says who sends; a secret may stand in the path or query.");
        }

        if (options.Allows(address))
        {
            return address;
        }

        if (address.Scheme != Uri.UriSchemeHttps)
        {
            throw Fault.Invalid(field, "must be an https address.", "For development, the setting Endpoints:AlsoAllowed:0 names an origin that may be posted to all the same.");
        }

        return IPAddress.TryParse(address.IdnHost, out var literal) && !PublicAddress.IsPublic(literal)
            ? throw Fault.Invalid(field, "is not on the public internet.", "Give an address that everybody on the internet can reach.")
            : address;
    }

    /// <summary>One attempt.</summary>
    /// <param name="url">Where to.</param>
    /// <param name="headers">Id, time and signatures.</param>
    /// <param name="body">The signed bytes, JSON.</param>
    /// <param name="cancellationToken">Breaks off.</param>
    public async Task<Answer> ExecuteAsync(
        string url, IEnumerable<KeyValuePair<string, string>> headers, byte[] body, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(options.Timeout, clock);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Parse("url", url, options)) { Version = HttpVersion.Version11, Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.TryAddWithoutValidation("User-Agent", "WaMcp");
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
            foreach (var (name, value) in headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await http.SendAsync(request, patience.Token);
            return Of(response);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(null, string.Create(CultureInfo.InvariantCulture, $"no answer within {options.Timeout.TotalSeconds:0.#} s"), "timeout", null);
        }
        catch (Fault fault)
        {
            return new(null, fault.PublicText, "not_allowed", null); // what was allowed when it was added may not be today
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            return Causes(exception).Any(cause => cause is NotPublicException)
                ? new(null, "the host is not on the public internet", "not_allowed", null)
                : new(null, Why(exception), "unreachable", null);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private Answer Of(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        return status is >= 200 and <= 299
            ? new(status, null, "ok", null)
            : new(status, status is >= 300 and <= 399 ? $"HTTP {status}: redirects are not followed" : $"HTTP {status}", "refused", Wish(response.Headers.RetryAfter));
    }

    private TimeSpan? Wish(RetryConditionHeaderValue? told)
    {
        var wait = told?.Delta ?? told?.Date - clock.GetUtcNow();
        return wait > EndpointOptions.LongestHold ? EndpointOptions.LongestHold : wait > TimeSpan.Zero ? wait : null;
    }

    private static string Why(Exception exception)
    {
        var errors = Causes(exception).OfType<HttpRequestException>().Select(cause => cause.HttpRequestError).ToHashSet();
        return errors.Contains(HttpRequestError.NameResolutionError) ? "the host does not exist"
            : errors.Contains(HttpRequestError.SecureConnectionError) ? "no secure connection: the certificate is not valid for the host, or it speaks no TLS"
            : errors.Contains(HttpRequestError.ConnectionError) ? "nobody answers there"
            : "the receiver broke off, or does not speak HTTP as it should";
    }

    // What the connection failed of stands inside of what the request failed of.
    private static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }

    // Looked up and checked for each new connection; the address that was checked is the one that is connected to.
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        try
        {
            var isTrusted = context.InitialRequestMessage.RequestUri is { } address && options.Allows(address);
            var addresses = await PublicHost.FindAsync(route, host, port, isTrusted, cancellationToken) ?? throw new NotPublicException();
            return await PublicHost.ConnectAsync(addresses, port, cancellationToken);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw new HttpRequestException(HttpRequestError.NameResolutionError, "The host cannot be found.", exception);
        }
    }

    private sealed class NotPublicException : Exception;
}
