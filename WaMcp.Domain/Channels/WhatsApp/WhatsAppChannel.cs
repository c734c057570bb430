using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using WaMcp.Domain.Media;
using WaMcp.Domain.Messages;
using WaMcp.Domain.Templates;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>
/// Meta's WhatsApp Cloud API (https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages). Every request is sent once: Meta has
/// no idempotency key, so an answer that never came is an unknown outcome, settled by the status webhook that echoes our id.
/// </summary>
/// <param name="http">A client with no retries of its own.</param>
/// <param name="credentials">Tokens and app secrets.</param>
/// <param name="options">Where the Graph API is.</param>
/// <param name="clock">For a date in Retry-After.</param>
/// <param name="files">Fetches what people send.</param>
public sealed class WhatsAppChannel(HttpClient http, WhatsAppCredentials credentials, IOptions<WhatsAppOptions> options, TimeProvider clock, WhatsAppFiles files) : IChannel
{
    private const int RateLimited = 130429;

    private readonly AppSecretProof proof = new(http, credentials);

    /// <inheritdoc/>
    public ChannelKind Kind => ChannelKind.WhatsApp;

    /// <inheritdoc/>
    public async Task<SendOutcome> SendAsync(
        Channel channel,
        Recipient recipient,
        MessageContent content,
        MessageId id,
        IReadOnlyDictionary<MediaObjectId, string> media,
        CancellationToken cancellationToken)
    {
        using var request = Write();
        using var patience = Patience(options.Value.Timeout, cancellationToken);
        try
        {
            using var response = await proof.SendAsync(request, patience.Token);
            return await ReadAsync(response, patience.Token);
        }
        catch (HttpRequestException exception) when (NeverLeft(exception))
        {
            return new SendOutcome.Postponed("provider_unreachable", "The provider cannot be reached at the moment.", RetrySchedule.Usual);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException or JsonException or InvalidOperationException)
        {
            return new SendOutcome.Unknown($"No answer from the provider ({exception.GetType().Name}).");
        }

        HttpRequestMessage Write()
        {
            try
            {
                return Post(channel, Describe(recipient, content, id, media));
            }
            catch (Exception exception) when (exception is not Fault)
            {
                throw new Fault(FaultCode.Internal, "The message could not be written for the provider; nothing was sent.", "Tell the operator the time.", inner: exception);
            }
        }
    }

    /// <inheritdoc/>
    public Task<DownloadOutcome> DownloadAsync(Channel channel, WantedFile wanted, CancellationToken cancellationToken) => files.ExecuteAsync(
        proof.SendAsync,
        () => Request(HttpMethod.Get, channel, $"{Uri.EscapeDataString(wanted.ProviderMediaId)}?phone_number_id={Uri.EscapeDataString(channel.ProviderId)}"),
        wanted,
        cancellationToken);

    /// <inheritdoc/>
    public TimeSpan DownloadTime => options.Value.DownloadTimeout;

    /// <inheritdoc/>
    public TimeSpan SendTime => options.Value.Timeout;

    /// <inheritdoc/>
    public TimeSpan UploadTime => options.Value.UploadTimeout;

    /// <inheritdoc/>
    public TimeSpan KeepsUploads => TimeSpan.FromDays(30);

    /// <inheritdoc/>
    public async Task<UploadOutcome> UploadAsync(Channel channel, MediaObject file, Stream content, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, channel, $"{Uri.EscapeDataString(channel.ProviderId)}/media");
        request.Content = new MultipartFormDataContent
        {
            { new StringContent("whatsapp"), "messaging_product" },
            { new StringContent(file.MimeType), "type" },
            // Not its name: whoever gets it sees the one in the message.
            { new StreamContent(content) { Headers = { ContentType = new(file.MimeType), ContentLength = file.Size } }, "file", "file" },
        };
        using var patience = Patience(options.Value.UploadTimeout, cancellationToken);
        try
        {
            using var response = await proof.SendAsync(request, patience.Token);
            if (!response.IsSuccessStatusCode)
            {
                return !AppSecretProof.IsInDoubt(request) && await ReadAsync(response, patience.Token) is var failure and not SendOutcome.Unknown ? new(null, failure) : NotTaken();
            }

            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(patience.Token);
            return answer.TryGetProperty("id", out var id) && id.GetString() is { Length: > 0 } theirs ? new(theirs) : NotTaken();
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException or JsonException or InvalidOperationException)
        {
            return NotTaken();
        }

        static UploadOutcome NotTaken() => new(
            null, new SendOutcome.Postponed("media_upload", "The provider did not take the file; nothing was sent.", RetrySchedule.Usual));
    }

    /// <inheritdoc/>
    public JsonObject Describe(
        Recipient recipient, MessageContent content, MessageId id, IReadOnlyDictionary<MediaObjectId, string> media) =>
        WhatsAppDocument.Of(recipient, content, id, media);

    /// <inheritdoc/>
    public async Task MarkReadAsync(Channel channel, string providerMessageId, bool typing, CancellationToken cancellationToken)
    {
        using var request = Post(channel, WhatsAppDocument.Read(providerMessageId, typing));
        using var response = await AskAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MessageTemplate>> TemplatesAsync(Channel channel, CancellationToken cancellationToken)
    {
        var account = channel.AccountId ?? throw new Fault(
            FaultCode.Misconfigured, $"The WhatsApp Business Account of channel {channel.Name} is not known.", "Ask the operator to add the channel with its account id.");
        var (templates, after) = (new List<MessageTemplate>(), (string?)null);
        do
        {
            var query = $"{Uri.EscapeDataString(account)}/message_templates?fields={WhatsAppTemplates.Fields}&limit={WhatsAppTemplates.PageSize}"
                + (after is null ? "" : $"&after={Uri.EscapeDataString(after)}");
            using var request = Request(HttpMethod.Get, channel, query);
            using var response = await AskAsync(request, cancellationToken);
            after = WhatsAppTemplates.ReadPage(await ReadJsonAsync(response, cancellationToken), account, templates);
        }
        while (after is not null && templates.Count < WhatsAppTemplates.Most);

        return templates;
    }

    /// <inheritdoc/>
    public bool SpeaksFor(Channel channel, byte[]? signer) => credentials.SpeaksFor(channel, signer);

    /// <inheritdoc/>
    public Understanding Understand(ReadOnlyMemory<byte> body) => WhatsAppWebhook.Read(body);

    private async Task<SendOutcome> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.TooManyRequests)
        {
            // Something in front of the API may say so, and not in JSON.
            return await CodeAsync(response, cancellationToken) is { } limit && WhatsAppErrors.Of(limit).Waits is not null
                ? Judge(limit, response)
                : new SendOutcome.Postponed("provider_busy", WhatsAppErrors.Describe(RateLimited).Text, RetrySchedule.Usual, RetryAfter(response));
        }

        if (response.IsSuccessStatusCode)
        {
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            var accepted = answer.TryGetProperty("messages", out var messages) && messages is { ValueKind: JsonValueKind.Array } && messages.GetArrayLength() > 0
                && messages[0].TryGetProperty("id", out var wamid) ? wamid.GetString() : null;
            var user = answer.TryGetProperty("contacts", out var contacts) && contacts is { ValueKind: JsonValueKind.Array } && contacts.GetArrayLength() > 0
                && contacts[0].TryGetProperty("user_id", out var userId) ? userId.GetString() : null;
            return accepted is null
                ? new SendOutcome.Unknown("The provider answered success without a message id.")
                : new SendOutcome.Accepted(accepted, user);
        }

        if (await AppSecretProof.IsRefusedAsync(response, cancellationToken))
        {
            return new SendOutcome.Stopped($"{WhatsAppErrors.Proof.Reason}:100", $"{WhatsAppErrors.Proof.Text} {WhatsAppErrors.Proof.NextAction}");
        }

        return await CodeAsync(response, cancellationToken) is { } code
            ? Judge(code, response)
            : new SendOutcome.Unknown($"The provider answered HTTP {(int)response.StatusCode} without saying why.");
    }

    private SendOutcome Judge(int code, HttpResponseMessage response)
    {
        var (error, (reason, text)) = (WhatsAppErrors.Of(code), WhatsAppErrors.Describe(code));
        return error.Class switch
        {
            WhatsAppErrorClass.RetryOrUnknown when response.StatusCode >= HttpStatusCode.InternalServerError =>
                new SendOutcome.Unknown($"The provider failed (HTTP {(int)response.StatusCode}, code {code})."),
            WhatsAppErrorClass.Retry or WhatsAppErrorClass.RetryOrUnknown => new SendOutcome.Postponed(reason, text, error.Waits!, RetryAfter(response)),
            WhatsAppErrorClass.RetryPair => new SendOutcome.Postponed(reason, text, error.Waits!, RetryAfter(response), WholePair: true),
            WhatsAppErrorClass.PauseNumber => new SendOutcome.Postponed(reason, text, error.Waits!, RetryAfter(response), WholeNumber: true),
            WhatsAppErrorClass.StopNumber => new SendOutcome.Stopped(reason, text),
            _ => new SendOutcome.Refused(reason, text, error.Class == WhatsAppErrorClass.OptOut, WhatsAppErrors.MayMeanMedia(code)),
        };
    }

    // For what is not a message: it is done, or the caller is told why not.
    private async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var patience = Patience(options.Value.AskTimeout, cancellationToken);
        try
        {
            var response = await proof.SendAsync(request, patience.Token);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                var code = await CodeAsync(response, patience.Token);
                var error = await AppSecretProof.IsRefusedAsync(response, patience.Token) ? WhatsAppErrors.Proof
                    : code is { } known ? WhatsAppErrors.Of(known)
                    : null;
                throw error is null || error.Waits is not null
                    ? Away($"HTTP {(int)response.StatusCode}, code {code}")
                    : new Fault(FaultCode.ProviderRefused, $"{error.Text} (code {code})", error.NextAction);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Away(exception.GetType().Name);
        }
    }

    private static CancellationTokenSource Patience(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(timeout);
        return patience;
    }

    private static async Task<JsonElement> ReadJsonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        }
        catch (Exception exception) when (exception is JsonException or HttpRequestException or IOException)
        {
            throw Away(exception.GetType().Name);
        }
    }

    private static Fault Away(string why) => new(
        FaultCode.Unavailable, "The provider does not answer just now.", "Try again in a moment.", internalText: $"The provider does not answer: {why}.");

    private static async Task<int?> CodeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            return answer.TryGetProperty("error", out var error) && error.TryGetProperty("code", out var number) && number.TryGetInt32(out var code)
                ? code
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null; // a page of some proxy's
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var asked = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - clock.GetUtcNow() : null;
        return asked is not { } wait || wait <= TimeSpan.Zero ? null : wait < RetrySchedule.Longest ? wait : RetrySchedule.Longest;
    }

    // Only a request that found no connection is known not to have left.
    private static bool NeverLeft(HttpRequestException exception) => exception.HttpRequestError
        is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError;

    private HttpRequestMessage Post(Channel channel, JsonObject document)
    {
        var request = Request(HttpMethod.Post, channel, $"{Uri.EscapeDataString(channel.ProviderId)}/messages");
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(document)) { Headers = { ContentType = new("application/json") } };
        return request;
    }

    private HttpRequestMessage Request(HttpMethod method, Channel channel, string pathAndQuery)
    {
        var token = credentials.AccessToken(channel);
        var request = new HttpRequestMessage(method, new Uri(options.Value.GraphUrl, $"/{options.Value.GraphVersion}/{pathAndQuery}"))
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
        proof.Add(request, channel, token);
        return request;
    }
}
