using Microsoft.EntityFrameworkCore;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;

namespace WaMcp.Domain.Channels;

/// <summary>The app secrets of BYOA channels as an operator changes them. An app has one secret for all of its numbers, and so have their channels.</summary>
/// <param name="context">The database.</param>
/// <param name="box">Opens and seals them.</param>
public sealed class AppSecrets(WaMcpDbContext context, SecretBox box)
{
    private const string Column = "app_secret";

    /// <summary>The channels that have this secret now, oldest first.</summary>
    public async Task<IReadOnlyList<Channel>> OfSecretAsync(string secret, CancellationToken cancellationToken)
    {
        var channels = await context.Channels.Where(channel => channel.AppSecretSealed != null).OrderBy(channel => channel.CreatedAt).ToListAsync(cancellationToken);
        return channels.FindAll(channel => Present(channel) == secret);
    }

    /// <summary>The channels that have the same secret as this one, itself among them if it can be read.</summary>
    public async Task<IReadOnlyList<Channel>> LikeAsync(Channel channel, CancellationToken cancellationToken) =>
        Present(channel) is { } secret ? await OfSecretAsync(secret, cancellationToken) : [];

    /// <summary>Puts a new secret in the place of the present one.</summary>
    /// <param name="channel">Whose.</param>
    /// <param name="secret">The new one.</param>
    /// <param name="keepsPrevious">Whether the present one stays as the previous.</param>
    /// <param name="now">Since when.</param>
    public void Replace(Channel channel, string secret, bool keepsPrevious, DateTimeOffset now)
    {
        if (Present(channel) is { } present)
        {
            channel.AppSecretsBefore = [.. channel.AppSecretsBefore, box.Digest(present, Column)];
        }

        channel.AppSecretPreviousSealed = keepsPrevious ? channel.AppSecretSealed : null;
        channel.AppSecretSealed = box.Seal(secret, Purpose(channel));
        channel.AppSecretRotatedAt = now;
    }

    /// <summary>Gives a new channel what another of the same app had before the present secret.</summary>
    public void TakeOver(Channel channel, Channel other)
    {
        channel.AppSecretsBefore = other.AppSecretsBefore;
        channel.AppSecretPreviousSealed = other.AppSecretPreviousSealed is { } previous
            ? box.Seal(box.Open(previous, Purpose(other)), Purpose(channel))
            : null;
        channel.AppSecretRotatedAt = other.AppSecretRotatedAt;
    }

    // One that cannot be opened must not shut out the others: it was sealed under a key that is gone, and entering it again is what mends that.
    private string? Present(Channel channel)
    {
        try
        {
            return channel.AppSecretSealed is { } secret ? box.Open(secret, Purpose(channel)) : null;
        }
        catch (Fault)
        {
            return null;
        }
    }

    private static string Purpose(Channel channel) => WhatsAppCredentials.Purpose(channel.Id, Column);
}
