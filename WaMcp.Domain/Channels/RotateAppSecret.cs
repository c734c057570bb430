using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Channels;

/// <summary>Gives a BYOA channel the new app secret of its organisation; deliveries signed with the one before are accepted until that is dropped.</summary>
/// <remarks>Audited as <c>channel_secret_rotated</c>, without any secret. In force on every server when it returns.</remarks>
/// <param name="find">Finds the channel.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="box">Seals the secret.</param>
/// <param name="epochs">Tells the servers.</param>
public sealed class RotateAppSecret(FindChannel find, AuditedChange change, SecretBox box, ClientEpoch epochs)
{
    /// <summary>Puts a new secret in the place of the present one, which stays as the previous.</summary>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> for a channel on the platform's app.</exception>
    public async Task<Channel> ExecuteAsync(string reference, string appSecret, CancellationToken cancellationToken)
    {
        var channel = await OwnAsync(reference, cancellationToken);
        channel.AppSecretPreviousSealed = channel.AppSecretSealed;
        channel.AppSecretSealed = box.Seal(appSecret, WhatsAppCredentials.Purpose(channel.Id, "app_secret"));
        return await SaveAsync(channel, "rotated", cancellationToken);
    }

    /// <summary>Accepts the previous secret no longer.</summary>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> when there is none.</exception>
    public async Task<Channel> DropPreviousAsync(string reference, CancellationToken cancellationToken)
    {
        var channel = await OwnAsync(reference, cancellationToken);
        if (channel.AppSecretPreviousSealed is null)
        {
            throw new Fault(FaultCode.Conflict, $"{channel.Name} has no previous app secret.", "Nothing to do.");
        }

        channel.AppSecretPreviousSealed = null;
        return await SaveAsync(channel, "previous_dropped", cancellationToken);
    }

    private async Task<Channel> OwnAsync(string reference, CancellationToken cancellationToken)
    {
        var channel = await find.ExecuteAsync(reference, cancellationToken);
        return channel.Profile == ChannelProfile.Byoa ? channel : throw new Fault(
            FaultCode.Conflict, $"{channel.Name} uses the platform's app.", "Its secret is the secret file meta_app_secret, the one before meta_app_secret.previous.");
    }

    private async Task<Channel> SaveAsync(Channel channel, string what, CancellationToken cancellationToken)
    {
        await change.SaveAsync(change.Row(AuditAction.ChannelSecretRotated) with { ChannelId = channel.Id }, new() { ["what"] = what }, cancellationToken);
        await epochs.TellChannelsAsync();
        return channel;
    }
}
