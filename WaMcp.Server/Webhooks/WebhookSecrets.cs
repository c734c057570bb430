using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;

namespace WaMcp.Server.Webhooks;

/// <summary>The app secrets that could have signed a delivery: the platform's, current and previous, then those of BYOA channels, the same.</summary>
/// <remarks>
/// Fails closed: no fitting secret is a refusal (401, <c>webhook_refused</c>). The invariant: a delivery speaks only for channels of the
/// app that signed it, so what fits is remembered with the event. The BYOA secrets are opened once and kept for five seconds, or until an
/// operator changes them, which Redis tells: whoever signs badly costs no database.
/// </remarks>
/// <param name="credentials">Opens them.</param>
/// <param name="services">For the database and Redis.</param>
/// <param name="clock">How old they are.</param>
/// <param name="logger">For a secret that cannot be read.</param>
internal sealed partial class WebhookSecrets(
    WhatsAppCredentials credentials, IServiceScopeFactory services, TimeProvider clock, ILogger<WebhookSecrets> logger) : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RedisPatience = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim reading = new(1);
    private Opened? opened;

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

        var known = await OpenAsync(await VersionAsync(), cancellationToken);
        var signers = known.Channels.Where(entry => Fits(entry.Secret)).SelectMany(entry => entry.Channels).Distinct().ToList();
        return signers.Count == 0 ? null : signers;

        bool Fits(string? secret) => secret is { Length: > 0 } && WhatsAppSignature.IsValid(signature, body, secret);
    }

    public void Dispose() => reading.Dispose();

    // One reads, the others wait for what it finds.
    private async Task<Opened> OpenAsync(string? version, CancellationToken cancellationToken)
    {
        if (IsGood(opened))
        {
            return opened!;
        }

        await reading.WaitAsync(cancellationToken);
        try
        {
            return IsGood(opened) ? opened! : opened = await ReadAsync(cancellationToken);
        }
        finally
        {
            reading.Release();
        }

        bool IsGood(Opened? known) => known is not null && clock.GetElapsedTime(known.At) < Lifetime && (version is null || known.Version == version);
    }

    private async Task<Opened> ReadAsync(CancellationToken cancellationToken)
    {
        var (at, version) = (clock.GetTimestamp(), await VersionAsync()); // before the rows: what changes meanwhile is read again
        await using var scope = services.CreateAsyncScope();
        var channels = await scope.ServiceProvider.GetRequiredService<WaMcpDbContext>().Channels.AsNoTracking()
            .Where(channel => channel.Kind == ChannelKind.WhatsApp && channel.AppSecretSealed != null)
            .ToListAsync(cancellationToken);
        var secrets = channels.SelectMany(channel => Secrets(channel).Select(secret => (secret, channel.Id)));
        return new Opened(at, version, [.. secrets.GroupBy(pair => pair.secret, pair => pair.Id).Select(group => (group.Key, group.ToList()))]);
    }

    private async Task<string?> VersionAsync()
    {
        try
        {
            await using var scope = services.CreateAsyncScope();
            var redis = scope.ServiceProvider.GetRequiredService<IConnectionMultiplexer>().GetDatabase();
            return (await redis.StringGetAsync(ClientEpoch.ChannelsKey).WaitAsync(RedisPatience, clock)).ToString() ?? "";
        }
        catch (Exception)
        {
            return null; // they are old after five seconds anyway
        }
    }

    // One channel whose secret cannot be opened must not shut out the others.
    private List<string> Secrets(Channel channel)
    {
        try
        {
            return [.. new[] { credentials.AppSecret(channel), credentials.PreviousAppSecret(channel) }.OfType<string>().Where(secret => secret.Length > 0)];
        }
        catch (Fault fault)
        {
            LogUnreadable(fault, channel.Name);
            return [];
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The app secret of channel {Channel} cannot be read; its webhooks are refused.")]
    private partial void LogUnreadable(Exception exception, string channel);

    /// <param name="At">When they were read.</param>
    /// <param name="Version">How often operators had changed them by then; null when Redis did not say.</param>
    /// <param name="Channels">Each secret with the channels whose it is.</param>
    private sealed record Opened(long At, string? Version, IReadOnlyList<(string Secret, List<ChannelId> Channels)> Channels);
}
