namespace WaMcp.Domain.Access;

/// <summary>Somebody who showed a key's secret. What he may do is not decided yet: <see cref="AuthenticateKey.AdmitAsync"/> does that.</summary>
public sealed class Bearer
{
    internal Bearer(KeyToken token, StoredKey key, CachedKey? from) => (Token, Key, From) = (token, key, from);

    /// <summary>The key.</summary>
    public StoredKey Key { get; }

    internal KeyToken Token { get; }

    /// <summary>Where <see cref="Key"/> was remembered; null when it was read from Postgres for this very request.</summary>
    internal CachedKey? From { get; }
}
