namespace WaMcp.Domain.Access;

/// <summary>Somebody who showed a key's secret. What he may do is not decided yet: <see cref="AuthenticateKey.AdmitAsync"/> does that.</summary>
public sealed class Bearer
{
    internal Bearer(KeyToken token, CachedKey from, bool isFresh) => (Token, From, IsFresh) = (token, from, isFresh);

    /// <summary>The key.</summary>
    public StoredKey Key => From.Key;

    internal KeyToken Token { get; }

    /// <summary>What is known of the key, and since when.</summary>
    internal CachedKey From { get; }

    /// <summary>Whether it was read from Postgres for this very request.</summary>
    internal bool IsFresh { get; }
}
