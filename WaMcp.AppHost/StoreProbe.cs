using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace WaMcp.AppHost;

/// <summary>Asks a store in its own protocol whether it takes work: an open port alone is not enough while it recovers.</summary>
internal static class StoreProbe
{
    /// <summary>
    /// Sends a StartupMessage: a server that takes connections asks for authentication ('R'), one that is starting up refuses ('E').
    /// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
    /// </summary>
    public static Task<bool> PostgresAnswersAsync(int port, CancellationToken cancellationToken)
    {
        var parameters = Encoding.ASCII.GetBytes("user\0postgres\0database\0wamcp\0\0");
        var message = new byte[8 + parameters.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(4), 3 << 16); // protocol 3.0
        parameters.CopyTo(message, 8);
        return AnswersAsync(port, message, (byte)'R', cancellationToken);
    }

    /// <summary>An inline PING: '+PONG' when ready, '-LOADING' while the data is read. https://redis.io/docs/latest/commands/ping/</summary>
    public static Task<bool> RedisAnswersAsync(int port, CancellationToken cancellationToken) =>
        AnswersAsync(port, "PING\r\n"u8.ToArray(), (byte)'+', cancellationToken);

    private static async Task<bool> AnswersAsync(int port, byte[] question, byte goodAnswer, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, patience.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(question, patience.Token);
            var answer = new byte[1];
            return await stream.ReadAsync(answer, patience.Token) == 1 && answer[0] == goodAnswer;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }
}
