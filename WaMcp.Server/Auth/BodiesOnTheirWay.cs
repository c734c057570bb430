using System.Collections.Concurrent;
using WaMcp.Domain.Access;

namespace WaMcp.Server.Auth;

/// <summary>
/// The request bodies that are being read just now. Whoever sends many large ones slowly would otherwise hold as much of our memory as he has
/// connections. A body that came with its headers is read at once and never counts against the next.
/// </summary>
internal sealed class BodiesOnTheirWay
{
    /// <summary>So many of one key at once.</summary>
    public const int MostOfOneKey = 32;

    // Of all keys together.
    private const long MostBytes = 256 * 1024 * 1024;

    private readonly ConcurrentDictionary<ApiKeyId, int> reading = new();
    private long bytes;

    /// <summary>A place for one more body of the key; null when there is none.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="length">How long it may become.</param>
    public IDisposable? TryEnter(ApiKeyId key, long length)
    {
        var place = new Place(this, key, length);
        var ofKey = reading.AddOrUpdate(key, 1, static (_, count) => count + 1);
        if (Interlocked.Add(ref bytes, length) <= MostBytes && ofKey <= MostOfOneKey)
        {
            return place;
        }

        place.Dispose();
        return null;
    }

    private void Leave(ApiKeyId key, long length)
    {
        Interlocked.Add(ref bytes, -length);
        if (reading.AddOrUpdate(key, 0, static (_, count) => count - 1) == 0)
        {
            reading.TryRemove(new(key, 0));
        }
    }

    private sealed class Place(BodiesOnTheirWay owner, ApiKeyId key, long length) : IDisposable
    {
        public void Dispose() => owner.Leave(key, length);
    }
}
