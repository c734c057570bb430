using System.Net.Http.Headers;

namespace WaMcp.Sandbox.WhatsApp.Webhooks;

/// <summary>
/// The HTTP client of the webhooks, deliberately not the program's own: Meta sends no trace headers, follows no redirect and has no
/// resilience handler of ours.
/// </summary>
internal sealed class WebhookClient(WhatsAppSecrets secrets) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        ActivityHeadersPropagator = null,
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan, // each call brings its own
    };

    /// <summary>Posts exactly these bytes; the HTTP status, or null and why there was none.</summary>
    public async Task<(int? Status, string Error)> PostAsync(Uri url, byte[] body, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "facebookexternalua");
        if (secrets.HasAppSecret)
        {
            request.Headers.TryAddWithoutValidation("X-Hub-Signature-256", secrets.Sign(body));
        }

        var (status, _, error) = await SendAsync(request, timeout, cancellationToken);
        return (status, error);
    }

    /// <summary>The verification challenge; null when the callback passed, otherwise what it did instead.</summary>
    public async Task<string?> ChallengeAsync(
        Uri url, string verifyToken, string challenge, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var query = $"hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={Uri.EscapeDataString(verifyToken)}";
        var address = new UriBuilder(url) { Query = url.Query.Length > 1 ? $"{url.Query[1..]}&{query}" : query };
        using var request = new HttpRequestMessage(HttpMethod.Get, address.Uri);
        request.Headers.TryAddWithoutValidation("User-Agent", "facebookplatform/1.0 (+http://developers.facebook.com)");
        var (status, text, error) = await SendAsync(request, timeout, cancellationToken);
        return status is null ? error
            : status != 200 ? $"The callback answered the challenge with {status}."
            : text != challenge ? "The callback answered 200, but not with the bare text of hub.challenge."
            : null;
    }

    public void Dispose() => http.Dispose();

    private async Task<(int? Status, string Text, string Error)> SendAsync(
        HttpRequestMessage request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            using var response = await http.SendAsync(request, deadline.Token);
            var text = await response.Content.ReadAsStringAsync(deadline.Token);
            return ((int)response.StatusCode, text, response.IsSuccessStatusCode ? "" : $"HTTP {(int)response.StatusCode}");
        }
        catch (HttpRequestException exception)
        {
            return (null, "", exception.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, "", $"No answer within {timeout.TotalMilliseconds:0} ms.");
        }
    }
}
