using Microsoft.Extensions.Configuration;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Channels.WhatsApp;

/// <summary>Where the secrets of a WhatsApp channel come from: secret files on the platform profile, the sealed columns for BYOA.</summary>
/// <param name="configuration">Secret files and environment.</param>
/// <param name="box">Opens sealed columns.</param>
public sealed class WhatsAppCredentials(IConfiguration configuration, SecretBox box)
{
    /// <summary>The platform app's secret: signs webhooks, proves calls.</summary>
    public string? PlatformAppSecret => configuration["meta_app_secret"];

    /// <summary>The platform app's secret before the present one; webhooks signed with it are accepted while the file is there.</summary>
    public string? PreviousPlatformAppSecret => configuration["meta_app_secret.previous"];

    /// <summary>What Meta must repeat when it verifies the webhook address.</summary>
    public string? VerifyToken => configuration["meta_webhook_verify_token"];

    /// <summary>What a sealed column is bound to.</summary>
    public static string Purpose(ChannelId channel, string column) => $"channels/{channel.Value}/{column}";

    /// <summary>The access token for calls about the channel.</summary>
    /// <exception cref="Fault">There is none.</exception>
    public string AccessToken(Channel channel) => channel switch
    {
        { Profile: ChannelProfile.Byoa, AccessTokenSealed: { } token } => box.Open(token, Purpose(channel.Id, "access_token")),
        { Profile: ChannelProfile.Platform } =>
            configuration[$"wa_access_token_{channel.ProviderId}"] ?? configuration["wa_access_token"] ?? throw Missing(channel),
        _ => throw Missing(channel),
    };

    /// <summary>The app secret of the channel's app, if known.</summary>
    public string? AppSecret(Channel channel) => channel switch
    {
        { Profile: ChannelProfile.Byoa, AppSecretSealed: { } secret } => box.Open(secret, Purpose(channel.Id, "app_secret")),
        { Profile: ChannelProfile.Platform } => PlatformAppSecret,
        _ => null,
    };

    /// <summary>The one before, while it is accepted too.</summary>
    public string? PreviousAppSecret(Channel channel) => channel switch
    {
        { Profile: ChannelProfile.Byoa, AppSecretPreviousSealed: { } secret } => box.Open(secret, Purpose(channel.Id, "app_secret")),
        { Profile: ChannelProfile.Platform } => PreviousPlatformAppSecret,
        _ => null,
    };

    /// <summary>Which secret it is, without telling it.</summary>
    public byte[] Digest(string appSecret) => box.Digest(appSecret, "app_secret");

    /// <summary>Whether a delivery that this signer made may speak for the channel: it has that secret, or had it.</summary>
    /// <param name="channel">A channel that the delivery names.</param>
    /// <param name="signer">What <see cref="Digest"/> says of the secret; null for the platform's.</param>
    public bool SpeaksFor(Channel channel, byte[]? signer)
    {
        if (signer is null || channel.Profile == ChannelProfile.Platform)
        {
            return signer is null && channel.Profile == ChannelProfile.Platform;
        }

        try
        {
            return channel.AppSecretsBefore.Any(before => before.AsSpan().SequenceEqual(signer))
                || (AppSecret(channel) is { } secret && Digest(secret).AsSpan().SequenceEqual(signer));
        }
        catch (Fault)
        {
            return false; // its secret cannot be read, which the Server says; it can be replayed once it can
        }
    }

    private static Fault Missing(Channel channel) => new(
        FaultCode.Misconfigured,
        $"There is no access token for channel {channel.Name}.",
        $"Put it into the secret file wa_access_token_{channel.ProviderId} or wa_access_token and restart the worker.");
}
