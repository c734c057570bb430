using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using WaMcp.ServiceDefaults;

namespace WaMcp.Server.Webhooks;

/// <summary>
/// The deliveries that are being read just now, before anybody knows whose they are. All of them together hold so many bytes, those of one address a
/// quarter of that, and each has so long to come: whoever sends many large ones slowly costs neither our memory nor the provider's room.
/// </summary>
/// <param name="options">How many bytes.</param>
/// <param name="clock">How long they take.</param>
internal sealed class WebhookBodies(IOptions<WebhookOptions> options, TimeProvider clock)
{
    /// <summary>Meta sends up to 3 MB.</summary>
    public const int MaxBodyBytes = 4 * 1024 * 1024;

    /// <summary>How long one may take to come.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // What most deliveries have; it comes with its headers and is not counted.
    private const int SmallBytes = 16 * 1024;

    private readonly ConcurrentDictionary<string, long> ofAddress = new(StringComparer.Ordinal);
    private long bytes;

    /// <summary>How reading one ended.</summary>
    /// <param name="Body">Its bytes; null when it was not read.</param>
    /// <param name="Status">What to answer then.</param>
    public readonly record struct Read(byte[]? Body, int Status);

    /// <summary>Reads one.</summary>
    public async Task<Read> ReadAsync(HttpContext http)
    {
        if (http.Request.ContentLength > MaxBodyBytes)
        {
            return new(null, StatusCodes.Status413PayloadTooLarge);
        }

        var address = AddressLimit.AddressOf(http);
        var (body, length, counted) = (new byte[(int)Math.Min(http.Request.ContentLength + 1 ?? SmallBytes, SmallBytes)], 0, 0);
        using var patience = new CancellationTokenSource(Patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, http.RequestAborted);
        try
        {
            while (true)
            {
                if (length == body.Length)
                {
                    // Twice as much at a time, of what has come, not of what Content-Length claims: claiming costs nothing.
                    var more = Math.Min(body.Length, MaxBodyBytes + 1 - body.Length);
                    if (!TryCount(address, more))
                    {
                        return new(null, StatusCodes.Status503ServiceUnavailable);
                    }

                    counted += more;
                    Array.Resize(ref body, body.Length + more);
                }

                var read = await http.Request.Body.ReadAsync(body.AsMemory(length), both.Token);
                if (read == 0)
                {
                    Array.Resize(ref body, length);
                    return new(body, StatusCodes.Status200OK);
                }

                length += read;
                if (length > MaxBodyBytes)
                {
                    return new(null, StatusCodes.Status413PayloadTooLarge);
                }
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            return new(null, StatusCodes.Status408RequestTimeout);
        }
        finally
        {
            Uncount(address, counted);
        }
    }

    private bool TryCount(string address, long more)
    {
        var ofAll = Interlocked.Add(ref bytes, more);
        var ofOne = ofAddress.AddOrUpdate(address, more, (_, before) => before + more);
        if (ofAll <= options.Value.MaxBytesOnTheirWay && ofOne <= options.Value.MaxBytesOnTheirWay / 4)
        {
            return true;
        }

        Uncount(address, more);
        return false;
    }

    private void Uncount(string address, long less)
    {
        if (less > 0)
        {
            Interlocked.Add(ref bytes, -less);
            if (ofAddress.AddOrUpdate(address, 0, (_, before) => before - less) == 0)
            {
                ofAddress.TryRemove(new(address, 0));
            }
        }
    }
}
