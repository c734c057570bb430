using System.Buffers;

namespace WaMcp.Server;

/// <summary>Reads a request's bytes as they came, up to a limit.</summary>
internal static class RequestBody
{
    // Not what Content-Length claims: claiming costs nothing.
    private const int InitialBytes = 4 * 1024;

    /// <summary>The bytes; null when there are more than <paramref name="maxBytes"/>.</summary>
    public static async Task<byte[]?> ReadAsync(HttpContext http, long maxBytes)
    {
        if (http.Request.ContentLength > maxBytes)
        {
            return null;
        }

        var body = new ArrayBufferWriter<byte>(InitialBytes);
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
