using System.Text.Json.Nodes;
using WaMcp.Domain.Access;
using WaMcp.Domain.Audit;

namespace WaMcp.Domain.Channels;

/// <summary>
/// Gives the BYOA channels of one app the new app secret of their organisation; deliveries signed with the one before are accepted until that is
/// dropped. A secret belongs to the app, so all channels that have the same present secret change together.
/// </summary>
/// <remarks>Audited as <c>channel_secret_rotated</c>, without any secret. In force on every server when it returns, or within five seconds when Redis is away.</remarks>
/// <param name="find">Finds the channel.</param>
/// <param name="apps">Knows the other channels of its app.</param>
/// <param name="change">Saves it with its audit row.</param>
/// <param name="epochs">Tells the servers.</param>
/// <param name="clock">Stamps it.</param>
public sealed class RotateAppSecret(FindChannel find, AppSecrets apps, AuditedChange change, ClientEpoch epochs, TimeProvider clock)
{
    /// <summary>What was changed.</summary>
    /// <param name="Channels">The channels of the app, the one that was named first.</param>
    /// <param name="Changed">False: the secret was the present one already, and nothing was changed.</param>
    public sealed record Rotation(IReadOnlyList<Channel> Channels, bool Changed);

    /// <summary>Puts a new secret in the place of the present one.</summary>
    /// <param name="reference">One of the app's channels.</param>
    /// <param name="appSecret">The new secret.</param>
    /// <param name="keepsPrevious">Whether what the present one signs is accepted for a while; not if it has leaked.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> for a channel on the platform's app.</exception>
    public async Task<Rotation> ExecuteAsync(string reference, string appSecret, bool keepsPrevious, CancellationToken cancellationToken)
    {
        var channels = await AppOfAsync(reference, cancellationToken);
        if ((await apps.OfSecretAsync(appSecret, cancellationToken)).Contains(channels[0]))
        {
            return new Rotation(channels, Changed: false); // the one before stays: the provider may still sign with it
        }

        foreach (var channel in channels)
        {
            apps.Replace(channel, appSecret, keepsPrevious, clock.GetUtcNow());
        }

        return await SaveAsync(channels, keepsPrevious ? "rotated" : "replaced", cancellationToken);
    }

    /// <summary>Accepts the previous secret no longer.</summary>
    /// <exception cref="Fault"><c>not_found</c>; <c>conflict</c> when there is none.</exception>
    public async Task<Rotation> DropPreviousAsync(string reference, CancellationToken cancellationToken)
    {
        var channels = await AppOfAsync(reference, cancellationToken);
        if (channels.All(channel => channel.AppSecretPreviousSealed is null))
        {
            throw new Fault(FaultCode.Conflict, $"{channels[0].Name} has no previous app secret.", "Nothing to do.");
        }

        foreach (var channel in channels)
        {
            channel.AppSecretPreviousSealed = null;
        }

        return await SaveAsync(channels, "previous_dropped", cancellationToken);
    }

    private async Task<List<Channel>> AppOfAsync(string reference, CancellationToken cancellationToken)
    {
        var channel = await find.ExecuteAsync(reference, cancellationToken);
        if (channel.Profile != ChannelProfile.Byoa)
        {
            throw new Fault(
                FaultCode.Conflict, $"{channel.Name} uses the platform's app.", "Its secret is the secret file meta_app_secret, the one before meta_app_secret.previous.");
        }

        return [channel, .. (await apps.LikeAsync(channel, cancellationToken)).Where(other => other.Id != channel.Id)];
    }

    private async Task<Rotation> SaveAsync(List<Channel> channels, string what, CancellationToken cancellationToken)
    {
        var facts = new JsonObject { ["what"] = what, ["channels"] = new JsonArray([.. channels.Select(channel => JsonValue.Create(channel.Id.ToString()))]) };
        await change.SaveAsync(change.Row(AuditAction.ChannelSecretRotated) with { ChannelId = channels[0].Id }, facts, cancellationToken);
        await epochs.TellChannelsAsync();
        return new Rotation(channels, Changed: true);
    }
}
