using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;
using WaMcp.Domain;
using WaMcp.Domain.Access;
using WaMcp.Domain.Channels;
using WaMcp.Domain.Channels.WhatsApp;
using WaMcp.Domain.Data;

namespace WaMcp.Server.Webhooks;

/// <summary>The app secrets that could have signed a delivery: the platform's, current and previous, and those of BYOA channels, the same.</summary>
/// <remarks>
/// Fails closed: no fitting secret is a refusal (401, <c>webhook_refused</c>). The invariant: a delivery speaks only for channels of the
/// app that signed it, so which secret fits is remembered with the event. The BYOA secrets are opened once and kept for five seconds, or until an
/// operator changes them, which Redis tells: whoever signs badly costs no database. And a body is hashed with a few of them only, however many there
/// are: those that its own ids, true or not, could have.
/// </remarks>
/// <param name="credentials">Opens them.</param>
/// <param name="services">For the database and Redis.</param>
/// <param name="clock">How old they are.</param>
/// <param name="logger">For a secret that cannot be read.</param>
internal sealed partial class WebhookSecrets(
    WhatsAppCredentials credentials, IServiceScopeFactory services, TimeProvider clock, ILogger<WebhookSecrets> logger)
{
    /// <summary>With so many BYOA secrets a body is hashed at most.</summary>
    public const int MostTried = 8;

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RedisPatience = TimeSpan.FromMilliseconds(250);

    private readonly Lock gate = new();
    private Task<Opened>? reading;

    /// <summary>Whether the platform's app signed it.</summary>
    public bool IsPlatforms(string? signature, byte[] body) =>
        Fits(credentials.PlatformAppSecret, signature, body) || Fits(credentials.PreviousPlatformAppSecret, signature, body);

    /// <summary>Which BYOA apps could have signed it.</summary>
    /// <remarks>
    /// Those of the numbers and accounts in it. Is there none of them here, it may be from a number that an organisation has just connected: then all
    /// apps are tried if there are no more than <see cref="MostTried"/> secrets. Otherwise it is refused, and the provider delivers it again for days.
    /// </remarks>
    public async Task<Suspects> SuspectsAsync(byte[] body, CancellationToken cancellationToken)
    {
        var known = await OpenAsync(await VersionAsync(), cancellationToken);
        var (tried, number, account) = (new List<Known>(), (ChannelId?)null, (ChannelId?)null);
        var ids = new NamedIds(body);
        while (tried.Count < MostTried && ids.Next() is { } id)
        {
            foreach (var channel in known.ById.GetValueOrDefault(id) ?? [])
            {
                number ??= channel.Number == id ? channel.Id : (ChannelId?)null;
                account ??= channel.Id;
                tried.AddRange(channel.Secrets.Except(tried).Take(MostTried - tried.Count));
            }
        }

        return new Suspects(number ?? account, tried.Count == 0 && known.All.Count <= MostTried ? known.All : tried);
    }

    // Whoever comes while they are being read waits for that, and fails with it. What began before somebody's change is read once more.
    private async Task<Opened> OpenAsync(string? version, CancellationToken cancellationToken)
    {
        var last = Reading(butNot: null);
        var known = await last.WaitAsync(cancellationToken);
        var isGood = clock.GetElapsedTime(known.At) < Lifetime && (version is null || known.Version == version);
        return isGood ? known : await Reading(butNot: last).WaitAsync(cancellationToken);
    }

    private Task<Opened> Reading(Task<Opened>? butNot)
    {
        lock (gate)
        {
            if (reading is not { IsFaulted: false, IsCanceled: false } || reading == butNot)
            {
                reading = ReadAsync();
            }

            return reading;
        }
    }

    private async Task<Opened> ReadAsync()
    {
        await Task.Yield(); // not under the lock
        var (at, version) = (clock.GetTimestamp(), await VersionAsync()); // before the rows: what changes meanwhile is read again
        await using var scope = services.CreateAsyncScope();
        var channels = await scope.ServiceProvider.GetRequiredService<WaMcpDbContext>().Channels.AsNoTracking()
            .Where(channel => channel.Kind == ChannelKind.WhatsApp)
            .ToListAsync();
        var all = new Dictionary<string, Known>(StringComparer.Ordinal);
        var owners = channels.ConvertAll(channel => (channel, owner: new Owner(channel.Id, channel.ProviderId, [.. Secrets(channel).Select(KnownOf)])));
        var byId = owners.SelectMany(pair => new[] { pair.channel.ProviderId, pair.channel.AccountId }.OfType<string>().Distinct().Select(id => (id, pair.owner)))
            .ToLookup(pair => pair.id, pair => pair.owner, StringComparer.Ordinal);
        return new Opened(at, version, [.. all.Values], byId.ToDictionary(ids => ids.Key, ids => ids.ToArray(), StringComparer.Ordinal));

        Known KnownOf(string secret) => all.TryGetValue(secret, out var known) ? known : all[secret] = new Known(secret, credentials.Digest(secret));
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
            return channel.AppSecretSealed is null
                ? []
                : [.. new[] { credentials.AppSecret(channel), credentials.PreviousAppSecret(channel) }.OfType<string>().Where(secret => secret.Length > 0)];
        }
        catch (Fault fault)
        {
            LogUnreadable(fault, channel.Name);
            return [];
        }
    }

    private static bool Fits(string? secret, string? signature, byte[] body) => secret is { Length: > 0 } && WhatsAppSignature.IsValid(signature, body, secret);

    [LoggerMessage(Level = LogLevel.Error, Message = "The app secret of channel {Channel} cannot be read; its webhooks are refused.")]
    private partial void LogUnreadable(Exception exception, string channel);

    /// <summary>Who could have signed a delivery.</summary>
    /// <param name="Named">The channel of ours that it names, by its number or else by its account, the first of several; what it says may not be true.</param>
    /// <param name="Tried">The secrets to be tried.</param>
    internal sealed record Suspects(ChannelId? Named, IReadOnlyList<Known> Tried)
    {
        /// <summary>The digest of the secret that signed it; null when none of them did.</summary>
        public byte[]? SignerOf(string? signature, byte[] body) => Tried.FirstOrDefault(known => Fits(known.Secret, signature, body))?.Digest;
    }

    /// <summary>An app secret.</summary>
    internal sealed record Known(string Secret, byte[] Digest);

    // A channel with its secrets; one on the platform's app has none.
    private sealed record Owner(ChannelId Id, string Number, Known[] Secrets);

    /// <param name="At">When they were read.</param>
    /// <param name="Version">How often operators had changed them by then; null when Redis did not say.</param>
    /// <param name="All">Every secret.</param>
    /// <param name="ById">The channels by their ids at the provider, and by those of their accounts.</param>
    private sealed record Opened(long At, string? Version, IReadOnlyList<Known> All, IReadOnlyDictionary<string, Owner[]> ById);
}
