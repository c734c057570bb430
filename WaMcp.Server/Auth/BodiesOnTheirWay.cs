using System.Collections.Concurrent;
using WaMcp.Domain.Access;

namespace WaMcp.Server.Auth;

/// <summary>
/// How many request bodies of each key are being read just now. Whoever sends many large ones slowly would otherwise hold as much of our
/// memory as he has connections.
/// </summary>
internal sealed class BodiesOnTheirWay
{
    /// <summary>So many of one key at once; a body that came with its headers is read at once and never counts against the next.</summary>
    public const int Most = 32;

    private readonly ConcurrentDictionary<ApiKeyId, int> reading = new();

    /// <summary>A place for one more body of the key; null when all are taken.</summary>
    public IDisposable? TryEnter(ApiKeyId key)
    {
        if (reading.AddOrUpdate(key, 1, static (_, count) => count + 1) <= Most)
        {
            return new Place(this, key);
        }

        Leave(key);
        return null;
    }

    private void Leave(ApiKeyId key)
    {
        if (reading.AddOrUpdate(key, 0, static (_, count) => count - 1) == 0)
        {
            reading.TryRemove(new(key, 0));
        }
    }

    private sealed class Place(BodiesOnTheirWay owner, ApiKeyId key) : IDisposable
    {
        public void Dispose() => owner.Leave(key);
    }
}
