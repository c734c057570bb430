using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;

namespace WaMcp.Server.Webhooks;

/// <summary>The app secrets that could have signed a delivery: the platform's, current and previous, then those of BYOA channels.</summary>
/// <param name="credentials">Reads them.</param>
/// <param name="database">BYOA channels; asked only when no platform secret fits.</param>
internal sealed class WebhookSecrets(WhatsAppCredentials credentials, WaMcpDbContext database)
{
    public async Task<bool> SignedAsync(string? signature, byte[] body, CancellationToken cancellationToken)
    {
        if (Fits(credentials.PlatformAppSecret) || Fits(credentials.PreviousPlatformAppSecret))
        {
            return true;
        }

        if (string.IsNullOrEmpty(signature))
        {
            return false;
        }

        var channels = await database.Channels.AsNoTracking()
            .Where(channel => channel.Kind == ChannelKind.WhatsApp && channel.AppSecretSealed != null)
            .ToListAsync(cancellationToken);
        return channels.Exists(channel => Fits(credentials.AppSecret(channel)));

        bool Fits(string? secret) => secret is { Length: > 0 } && WhatsAppSignature.IsValid(signature, body, secret);
    }
}
