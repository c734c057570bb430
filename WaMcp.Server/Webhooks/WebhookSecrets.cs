using Microsoft.EntityFrameworkCore;
using WaMcp.Domain;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;

namespace WaMcp.Server.Webhooks;

/// <summary>The app secrets that could have signed a delivery: the platform's, current and previous, then those of BYOA channels.</summary>
/// <remarks>
/// Fails closed: no fitting secret is a refusal (401, <c>webhook_refused</c>). The invariant: a delivery speaks only for channels of the
/// app that signed it, so what fits is remembered with the event.
/// </remarks>
/// <param name="credentials">Reads them.</param>
/// <param name="database">BYOA channels; asked only when no platform secret fits.</param>
/// <param name="logger">For a secret that cannot be read.</param>
internal sealed partial class WebhookSecrets(WhatsAppCredentials credentials, WaMcpDbContext database, ILogger<WebhookSecrets> logger)
{
    /// <summary>Who signed: the BYOA channels whose secret fits, none for the platform; null when nobody known did.</summary>
    public async Task<IReadOnlyCollection<ChannelId>?> SignerAsync(string? signature, byte[] body, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(signature))
        {
            return null;
        }

        if (Fits(credentials.PlatformAppSecret) || Fits(credentials.PreviousPlatformAppSecret))
        {
            return [];
        }

        var channels = await database.Channels.AsNoTracking()
            .Where(channel => channel.Kind == ChannelKind.WhatsApp && channel.AppSecretSealed != null)
            .ToListAsync(cancellationToken);
        var signers = channels.Where(channel => Fits(Secret(channel))).Select(channel => channel.Id).ToList();
        return signers.Count == 0 ? null : signers;

        bool Fits(string? secret) => secret is { Length: > 0 } && WhatsAppSignature.IsValid(signature, body, secret);
    }

    // One channel whose secret cannot be opened must not shut out the others.
    private string? Secret(Channel channel)
    {
        try
        {
            return credentials.AppSecret(channel);
        }
        catch (Fault fault)
        {
            LogUnreadable(fault, channel.Name);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The app secret of channel {Channel} cannot be read; its webhooks are refused.")]
    private partial void LogUnreadable(Exception exception, string channel);
}
