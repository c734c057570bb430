using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace WaMcp.Tests.Drivers;

/// <summary>Sends bytes as they are, also those that no HTTP client would send, each request over a connection of its own.</summary>
/// <param name="server">Where to.</param>
internal sealed class RawHttp(Uri server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>A POST of JSON. In header lines a character is a byte; the body is given as bytes already.</summary>
    public static byte[] Post(string path, IEnumerable<string> headerLines, byte[] body)
    {
        var head = new StringBuilder($"POST {path} HTTP/1.1\r\nHost: server\r\nConnection: close\r\n")
            .Append("Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n")
            .Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        foreach (var line in headerLines)
        {
            head.Append(line).Append("\r\n");
        }

        return [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body];
    }

    public async Task<RawHttpAnswer> SendAsync(byte[] request)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var connection = new TcpClient();
        await connection.ConnectAsync(server.Host, server.Port, patience.Token);
        await using var stream = connection.GetStream();
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(request, patience.Token);
            await stream.CopyToAsync(answer, patience.Token);
        }
        catch (IOException)
        {
            // It hung up before it had read everything; what it said until then counts.
        }

        return RawHttpAnswer.Read(answer.ToArray());
    }
}

/// <summary>An answer as it came. Status 0: the connection was closed without one.</summary>
internal sealed record RawHttpAnswer(int Status, string Body)
{
    public static RawHttpAnswer Read(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return new RawHttpAnswer(0, text);
        }

        var (head, body) = (text[..end], text[(end + 4)..]);
        var status = int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
        return new RawHttpAnswer(status, head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase) ? Joined(body) : body);
    }

    /// <summary>The JSON document in the body, be it alone or in the last event of a stream; null when there is none.</summary>
    public string? Json => Body.Split('\n').LastOrDefault(line => line.StartsWith("data:", StringComparison.Ordinal)) is { } line
        ? line["data:".Length..]
        : Body.StartsWith('{') ? Body : null;

    // Sizes are in bytes and this is text; every line that is no size is content, which never has line breaks of this kind here.
    private static string Joined(string chunks) =>
        string.Concat(chunks.Split("\r\n").Where((_, line) => line % 2 == 1));
}
