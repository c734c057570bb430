using Microsoft.Extensions.Caching.Memory;
using WaMcp.Domain.Limits;

namespace WaMcp.Domain.Access;

/// <summary>
/// From a token to everything the request path must know about its bearer. A key that was seen a moment ago costs one HMAC and one Redis
/// round trip, which counts the call and tells the client's epoch; Postgres is asked when the epoch is a new one.
/// </summary>
/// <remarks>
/// Fails closed: every way not to be authenticated gives the caller the same answer (HTTP 401), while the audit row <c>auth_failed</c> says
/// which it was. The hash is compared in constant time, and state is looked at only after it matched, so nobody without the secret can
/// learn whether a key exists, was revoked or has expired. The invariant: rights that were taken back are refused to every request that starts
/// after the operator's command returned. The command removes the client's epoch (<see cref="ClientEpoch"/>); what was read before is
/// trusted only while the same epoch is told, never without Redis, and never longer than <see cref="CacheLifetime"/>, which is how long the
/// command waits when it cannot reach Redis. docs/architecture/auth.md.
/// </remarks>
/// <param name="keys">The truth.</param>
/// <param name="pepper">Under which the tokens were hashed.</param>
/// <param name="limiter">Counts, and tells the epoch.</param>
/// <param name="clock">For expiry and ages.</param>
public sealed class AuthenticateKey(StoredKeys keys, Pepper pepper, RateLimiter limiter, TimeProvider clock) : IDisposable
{
    /// <summary>How long what was read from Postgres is trusted at most.</summary>
    public static readonly TimeSpan CacheLifetime = TimeSpan.FromSeconds(5);

    // initialize, discovery and lists cost little, but not nothing.
    private const int LooseFactor = 10;
    private const int LooseMinimum = 600;

    private static readonly MemoryCacheEntryOptions WhileUsed = new() { SlidingExpiration = TimeSpan.FromMinutes(10) };

    // By prefix; only keys whose secret somebody has shown get in, so strangers cannot fill it.
    private readonly MemoryCache cache = new(new MemoryCacheOptions());

    /// <summary>Recognises the bearer of a token. What he may do is not known to be current yet, unless it was read just now.</summary>
    public async Task<KeyCheck> RecogniseAsync(KeyToken token, CancellationToken cancellationToken) =>
        cache.TryGetValue(token.Prefix, out CachedKey? cached) && pepper.Verify(token, cached!.Key.Hash, cached.Key.PepperId)
            ? KeyCheck.Passed(new Bearer(token, cached, isFresh: false))
            : await ReadAsync(token, epoch: null, cancellationToken);

    /// <summary>Counts a call of the bearer and makes sure that what is known of him is current.</summary>
    /// <param name="bearer">Whom <see cref="RecogniseAsync"/> recognised.</param>
    /// <param name="spendsBudget">Whether the call is one of those that the key's per-minute limit is for.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The bearer with his present rights, or why he is refused; and what the limit says.</returns>
    public async Task<(KeyCheck Check, RateDecision Limit)> AdmitAsync(Bearer bearer, bool spendsBudget, CancellationToken cancellationToken)
    {
        var client = bearer.Key.Context;
        var budget = spendsBudget
            ? new CallBudget(client.ClientId, bearer.Key.Id.ToString(), client.RpmLimit)
            : new CallBudget(client.ClientId, $"{bearer.Key.Id}:lists", Math.Max(LooseMinimum, client.RpmLimit * LooseFactor));
        var count = await limiter.CountAsync(budget, cancellationToken);
        return (await ConfirmAsync(bearer, count.Epoch, cancellationToken), count.Decision);
    }

    /// <summary>Looks once more what an admitted bearer may do at this moment: for calls that take long before they answer.</summary>
    /// <remarks>Nothing that was read when the call began is trusted, unless the client's epoch is still the same.</remarks>
    public async Task<KeyCheck> ConfirmAsync(Bearer bearer, CancellationToken cancellationToken) =>
        (await AdmitAsync(new Bearer(bearer.Token, bearer.From, isFresh: false), spendsBudget: false, cancellationToken)).Check;

    /// <summary>Notes that the key was used, at most once a minute.</summary>
    /// <returns>Whether this was the first use in its minute.</returns>
    public async Task<bool> NoteUseAsync(Bearer bearer, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (bearer.Key.LastUsedAt >= SlidingWindow.BucketStart(now))
        {
            return false;
        }

        // First here, so that a Postgres that is away is not asked again by every call.
        if (cache.TryGetValue(bearer.Token.Prefix, out CachedKey? cached))
        {
            cache.Set(bearer.Token.Prefix, cached! with { Key = cached.Key with { LastUsedAt = now } }, WhileUsed);
        }

        return await keys.NoteUseAsync(bearer.Key.Id, now, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => cache.Dispose();

    private async Task<KeyCheck> ConfirmAsync(Bearer bearer, string? epoch, CancellationToken cancellationToken)
    {
        // A body may come slowly: what was read when the request began is too old as well, some time.
        var isCurrent = clock.GetElapsedTime(bearer.From.AsOf) < CacheLifetime
            && (bearer.IsFresh || (epoch is not null && epoch == bearer.From.Epoch));
        return !isCurrent ? await ReadAsync(bearer.Token, epoch, cancellationToken)
            : bearer.Key.Refusal(clock.GetUtcNow()) is { } reason ? KeyCheck.Refused(reason, bearer.Key)
            : KeyCheck.Passed(bearer);
    }

    // The epoch must have been told before this reads: a change that is not in what is read will remove it.
    private async Task<KeyCheck> ReadAsync(KeyToken token, string? epoch, CancellationToken cancellationToken)
    {
        var asOf = clock.GetTimestamp();
        if (await keys.FindAsync(token.Prefix, cancellationToken) is not { } key)
        {
            return KeyCheck.Refused("unknown_key");
        }

        if (!pepper.Verify(token, key.Hash, key.PepperId))
        {
            return KeyCheck.Refused(pepper.Knows(key.PepperId) ? "wrong_secret" : "unknown_pepper", key);
        }

        if (key.Refusal(clock.GetUtcNow()) is { } reason)
        {
            cache.Remove(token.Prefix);
            return KeyCheck.Refused(reason, key);
        }

        if (key.PepperAcceptedUntil is not null)
        {
            key = await RehashAsync(token, key, cancellationToken);
        }

        var read = new CachedKey(key, epoch, asOf);
        cache.Set(token.Prefix, read, WhileUsed);
        return KeyCheck.Passed(new Bearer(token, read, isFresh: true));
    }

    // Its pepper is on its way out, and only now that somebody shows the token can it be hashed under the new one.
    private async Task<StoredKey> RehashAsync(KeyToken token, StoredKey key, CancellationToken cancellationToken)
    {
        pepper.Reload();
        var (hash, pepperId) = pepper.Hash(token);
        return pepperId != key.PepperId && await keys.RehashAsync(key, hash, pepperId, cancellationToken)
            ? key with { Hash = hash, PepperId = pepperId, PepperAcceptedUntil = null }
            : key; // this process has not been given the new pepper yet, or somebody else was faster
    }
}
