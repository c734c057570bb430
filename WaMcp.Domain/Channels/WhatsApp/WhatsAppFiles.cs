using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Media;
using static WaMcp.Domain.Channels.WhatsApp.WhatsAppJson;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>
/// Fetches what somebody sent: Meta tells an address by the file's id, which is good for five minutes and opens with the access token only
/// (https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media).
/// </summary>
/// <remarks>
/// The token goes to the hosts of the provider and to nobody else, whatever the answer names: to the configured Graph host, or over https to one of
/// <see cref="WhatsAppOptions.MediaHosts"/> whose every address is public. Redirects are not followed. What comes is measured while it streams to the
/// disk and held against both hashes that the provider told; of anything that does not fit nothing is left.
/// </remarks>
/// <param name="guarded">Connects to checked addresses only.</param>
/// <param name="options">Which hosts, and how long.</param>
public sealed class WhatsAppFiles(GuardedHttp guarded, IOptions<WhatsAppOptions> options)
{
    private const int NoSuchObject = 100;
    private const int NoSuchPath = 33;
    private const int TokenExpired = 190;
    private static readonly string[] MetaHosts = ["lookaside.fbsbx.com", "mmg.whatsapp.net"];

    // Nobody needs more addresses than that in one go: one that ran out is asked for anew, and so is one that gave something else.
    private const int Addresses = 2;

    /// <summary>Fetches it.</summary>
    /// <param name="send">Asks the provider, with its proof.</param>
    /// <param name="ask">Makes the request for the file's address, with the credential.</param>
    /// <param name="wanted">What.</param>
    /// <param name="cancellationToken">Stops.</param>
    internal async Task<DownloadOutcome> ExecuteAsync(
        Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send, Func<HttpRequestMessage> ask, WantedFile wanted, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Value.DownloadTimeout);
        try
        {
            for (var address = 1; ; address++)
            {
                var outcome = await TryAsync(send, ask, wanted, patience.Token);
                if (address == Addresses || outcome is not (null or DownloadOutcome.Failed { Trouble: FileTrouble.WrongChecksum }))
                {
                    return outcome ?? Away;
                }
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidDataException or IOException or SocketException or JsonException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return Away;
        }
    }

    private static DownloadOutcome.Later Away => new(FileTrouble.ProviderAway);

    // Null: the address ran out.
    private async Task<DownloadOutcome?> TryAsync(
        Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send, Func<HttpRequestMessage> ask, WantedFile wanted, CancellationToken cancellationToken)
    {
        using var question = ask();
        using var answer = await send(question, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            return await RefusedAsync(answer, cancellationToken);
        }

        var told = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        if (Number(told, "file_size") > wanted.MaxBytes)
        {
            return new DownloadOutcome.Failed(FileTrouble.TooLarge);
        }

        if (!Uri.TryCreate(Text(told, "url"), UriKind.Absolute, out var address))
        {
            return Away;
        }

        var isConfigured = address.Scheme == options.Value.GraphUrl.Scheme && address.Authority == options.Value.GraphUrl.Authority;
        if ((!isConfigured && !IsProviders(address)) || await guarded.ResolveAsync(address, isConfigured, cancellationToken) is not { } addresses)
        {
            return new DownloadOutcome.Later(FileTrouble.StrangeAddress);
        }

        using var client = guarded.Open();
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Version = HttpVersion.Version11 };
        request.Headers.Authorization = question.Headers.Authorization;
        request.Headers.TryAddWithoutValidation("User-Agent", "WaMcp");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        GuardedHttp.Pin(request, addresses);
        using var response = await client.SendAsync(request, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => await ReadAsync(response, wanted, told, cancellationToken),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => null,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new DownloadOutcome.Later(FileTrouble.Credential),
            _ => new DownloadOutcome.Later(FileTrouble.ProviderAway, response.Headers.RetryAfter?.Delta),
        };
    }

    private bool IsProviders(Uri address)
    {
        IList<string> hosts = options.Value.MediaHosts is { Count: > 0 } configured ? configured : MetaHosts;
        return address is { Scheme: "https", IsDefaultPort: true, UserInfo: "" } && hosts.Any(host =>
            address.IdnHost.Equals(host, StringComparison.OrdinalIgnoreCase) || address.IdnHost.EndsWith($".{host}", StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<DownloadOutcome> ReadAsync(
        HttpResponseMessage response, WantedFile wanted, JsonElement told, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > wanted.MaxBytes)
        {
            return new DownloadOutcome.Failed(FileTrouble.TooLarge);
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var file = await StagedFile.WriteAsync(wanted.Folder, body, wanted.MaxBytes, cancellationToken, wanted.Owner);
        if (file is { Size: > 0 } && Fits(wanted.Sha256, file.Sha256) && Fits(Text(told, "sha256"), file.Sha256))
        {
            return new DownloadOutcome.Here(file, Text(told, "mime_type"));
        }

        await (file?.DisposeAsync() ?? default);
        return new DownloadOutcome.Failed(file is null ? FileTrouble.TooLarge : FileTrouble.WrongChecksum);
    }

    // Webhooks say it in base64, the Graph API in hex. What is neither says nothing that could be held against the file.
    private static bool Fits(string? told, string sha256)
    {
        if (told is { Length: 64 } && told.All(char.IsAsciiHexDigit))
        {
            return told.Equals(sha256, StringComparison.OrdinalIgnoreCase);
        }

        Span<byte> bytes = stackalloc byte[32];
        return told is null || !Convert.TryFromBase64String(told, bytes, out var length) || length < bytes.Length || Convert.ToHexStringLower(bytes) == sha256;
    }

    private static async Task<DownloadOutcome> RefusedAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var error = await ErrorAsync(answer, cancellationToken);
        return (answer.StatusCode, Whole(error, "code")) switch
        {
            (HttpStatusCode.TooManyRequests, _) => new DownloadOutcome.Later(FileTrouble.ProviderAway, answer.Headers.RetryAfter?.Delta),
            (HttpStatusCode.Unauthorized, _) or (_, 0 or TokenExpired) => new DownloadOutcome.Later(FileTrouble.Credential),
            // The same code as for what is not there: while an app secret is being changed, the proof may be made with the other one.
            _ when Text(error, "message")?.Contains("appsecret_proof", StringComparison.Ordinal) == true => new DownloadOutcome.Later(FileTrouble.Credential),
            (_, NoSuchObject or NoSuchPath) => new DownloadOutcome.Failed(FileTrouble.Gone),
            ( >= HttpStatusCode.InternalServerError, _) or (_, null) => Away,
            (_, { } code) => new DownloadOutcome.Later(WhatsAppErrors.Of(code).Waits is null ? FileTrouble.Refused : FileTrouble.ProviderAway),
        };
    }

    private static async Task<JsonElement?> ErrorAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return Member(await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken), "error");
        }
        catch (JsonException)
        {
            return null; // a page of some proxy's
        }
    }
}
