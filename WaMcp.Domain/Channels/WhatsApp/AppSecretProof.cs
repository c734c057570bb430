using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>
/// Proves to Meta that whoever holds the token holds the app's secret too (https://developers.facebook.com/docs/graph-api/guides/secure-requests).
/// While a secret is being rotated nobody knows which of two Meta takes: a request whose proof is refused has done nothing, so it is asked once more
/// with the other secret, and the one that fits is used from then on.
/// </summary>
/// <param name="http">A client with no retries of its own.</param>
/// <param name="credentials">Knows the secrets.</param>
internal sealed class AppSecretProof(HttpClient http, WhatsAppCredentials credentials)
{
    private const string Parameter = "appsecret_proof";

    private static readonly HttpRequestOptionsKey<Made> Key = new(Parameter);

    private static readonly HttpRequestOptionsKey<bool> InDoubt = new($"{Parameter} in doubt");

    // Of channels whose present secret was refused: the other one, and whether it was ever taken.
    private readonly ConcurrentDictionary<ChannelId, Fallback> fallbacks = new();

    /// <summary>Adds the proof to a request; a channel whose secret is not known proves nothing.</summary>
    public void Add(HttpRequestMessage request, Channel channel, string token)
    {
        if (Secret(channel) is { } secret)
        {
            Put(request, new Made(channel, token, secret));
        }
    }

    /// <summary>Sends a request, and once more if only the proof was wrong. Content that can be read but once is not sent again (<see cref="IsInDoubt"/>).</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);

    /// <summary>The same, for an answer that is read as it comes.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption until, CancellationToken cancellationToken)
    {
        var response = await http.SendAsync(request, until, cancellationToken);
        if (!request.Options.TryGetValue(Key, out var made))
        {
            return response;
        }

        var fallback = fallbacks.GetValueOrDefault(made.Channel.Id) is { } known && known.Secret == made.Secret ? known : null;
        if (!await IsRefusedAsync(response, cancellationToken))
        {
            if (fallback is { HasWorked: false })
            {
                fallbacks[made.Channel.Id] = fallback with { HasWorked = true };
            }

            return response;
        }

        var canRepeat = request.Content is null or ByteArrayContent;
        if (Other(made) is not { } other || (!canRepeat && fallback is { HasWorked: false }))
        {
            fallbacks.TryRemove(made.Channel.Id, out _); // neither fits: the operator must say another
            return response;
        }

        fallbacks[made.Channel.Id] = new Fallback(other, HasWorked: false);
        if (!canRepeat)
        {
            request.Options.Set(InDoubt, true);
            return response;
        }

        response.Dispose();
        return await AgainAsync(request, made with { Secret = other }, until, cancellationToken);
    }

    /// <summary>Whether the proof was refused and there is another that the next request has.</summary>
    public static bool IsInDoubt(HttpRequestMessage request) => request.Options.TryGetValue(InDoubt, out var doubt) && doubt;

    private async Task<HttpResponseMessage> AgainAsync(HttpRequestMessage request, Made made, HttpCompletionOption until, CancellationToken cancellationToken)
    {
        using var again = new HttpRequestMessage(request.Method, request.RequestUri) { Content = request.Content };
        foreach (var header in request.Headers)
        {
            again.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        Put(again, made);
        var response = await http.SendAsync(again, until, cancellationToken);
        if (await IsRefusedAsync(response, cancellationToken))
        {
            fallbacks.TryRemove(made.Channel.Id, out _);
        }
        else
        {
            fallbacks[made.Channel.Id] = new Fallback(made.Secret, HasWorked: true);
        }

        return response;
    }

    /// <summary>Whether the provider refused the proof, and with it the channel's app, not the request.</summary>
    public static async Task<bool> IsRefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode != HttpStatusCode.BadRequest)
        {
            return false;
        }

        try
        {
            using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            var error = WhatsAppJson.Member(answer.RootElement, "error");
            return WhatsAppJson.Whole(error, "code") == 100
                && WhatsAppJson.Text(error, "message")?.Contains(Parameter, StringComparison.OrdinalIgnoreCase) == true;
        }
        catch (JsonException)
        {
            return false; // a page of some proxy's
        }
    }

    private string? Secret(Channel channel)
    {
        var present = credentials.AppSecret(channel);
        return fallbacks.TryGetValue(channel.Id, out var fallback) && fallback.Secret != present && credentials.PreviousAppSecret(channel) == fallback.Secret
            ? fallback.Secret
            : present;
    }

    private string? Other(Made made)
    {
        var (present, previous) = (credentials.AppSecret(made.Channel), credentials.PreviousAppSecret(made.Channel));
        return made.Secret == present ? (previous == present ? null : previous) : present;
    }

    private static void Put(HttpRequestMessage request, Made made)
    {
        var proof = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(made.Secret), Encoding.UTF8.GetBytes(made.Token)));
        var address = request.RequestUri!;
        var kept = address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Where(part => !part.StartsWith($"{Parameter}=", StringComparison.Ordinal));
        request.RequestUri = new UriBuilder(address) { Query = string.Join('&', [.. kept, $"{Parameter}={proof}"]) }.Uri;
        request.Options.Set(Key, made);
    }

    private sealed record Fallback(string Secret, bool HasWorked);

    private sealed record Made(Channel Channel, string Token, string Secret);
}
