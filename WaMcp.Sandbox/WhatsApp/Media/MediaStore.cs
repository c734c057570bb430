using System.Collections.Concurrent;
using System.Globalization;
using WaMcp.Sandbox.Control;

namespace WaMcp.Sandbox.WhatsApp.Media;

/// <summary>All media, up to a number of bytes; then the oldest go.</summary>
internal sealed class MediaStore(WhatsAppOptions options, TimeProvider clock)
{
    private static readonly TimeSpan KeepUploads = TimeSpan.FromDays(30);
    private static readonly TimeSpan KeepInbound = TimeSpan.FromDays(7);

    private readonly ConcurrentDictionary<string, MediaObject> media = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<MediaObject> oldestFirst = new();
    private long lastId = clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000;
    private long bytes;

    public MediaObject AddUpload(string phoneNumberId, string mimeType, string? fileName, byte[] content) =>
        Add(phoneNumberId, mimeType, fileName, content, KeepUploads);

    public MediaObject AddInbound(string phoneNumberId, string mimeType, string? fileName, byte[] content, FileOrder? order = null) =>
        Add(phoneNumberId, mimeType, fileName, content, KeepInbound, order);

    public MediaObject? Find(string? id) =>
        id is not null && media.TryGetValue(id, out var found) && found.Expires > clock.GetUtcNow() ? found : null;

    public bool Remove(MediaObject gone)
    {
        if (!media.TryRemove(new KeyValuePair<string, MediaObject>(gone.Id, gone)))
        {
            return false;
        }

        Interlocked.Add(ref bytes, -gone.Content.Length);
        return true;
    }

    public void Clear()
    {
        foreach (var known in media.Values)
        {
            Remove(known);
        }

        oldestFirst.Clear();
    }

    private MediaObject Add(string phoneNumberId, string mimeType, string? fileName, byte[] content, TimeSpan keep, FileOrder? order = null)
    {
        var id = Interlocked.Increment(ref lastId).ToString(CultureInfo.InvariantCulture);
        var added = new MediaObject(id, phoneNumberId, mimeType, fileName, content, clock.GetUtcNow() + keep) { Order = order };
        media[id] = added;
        oldestFirst.Enqueue(added);
        Interlocked.Add(ref bytes, content.Length);
        while (Interlocked.Read(ref bytes) > options.MaxMediaBytes && oldestFirst.TryDequeue(out var oldest) && oldest != added)
        {
            Remove(oldest);
        }

        return added;
    }
}
