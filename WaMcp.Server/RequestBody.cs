using System.Buffers;

namespace WaMcp.Server;

/// <summary>Reads a request's bytes as they came, up to a limit.</summary>
internal static class RequestBody
{
    /// <summary>The bytes; null when there are more than <paramref name="maxBytes"/>.</summary>
    public static async Task<byte[]?> ReadAsync(HttpContext http, int maxBytes)
    {
        if (http.Request.ContentLength > maxBytes)
        {
            return null;
        }

        var body = new ArrayBufferWriter<byte>(http.Request.ContentLength is { } length and > 0 ? (int)length : 1024);
        while (true)
        {
            var read = await http.Request.Body.ReadAsync(body.GetMemory(1024), http.RequestAborted);
            if (read == 0)
            {
                return body.WrittenSpan.ToArray();
            }

            body.Advance(read);
            if (body.WrittenCount > maxBytes)
            {
                return null;
            }
        }
    }
}
