using System.Net;
using System.Net.Sockets;

namespace WaMcp.Tests.Infrastructure;

/// <summary>
/// Stands between a program and a server. On order it breaks a connection after the server has done what it was asked and before the
/// answer arrives: the program cannot know whether it was done.
/// </summary>
internal sealed class AnswerLosingProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int server;
    private readonly Task accepting;
    private byte[]? order;

    /// <summary>Starts it.</summary>
    /// <param name="server">The server's port on this machine.</param>
    public AnswerLosingProxy(int server)
    {
        this.server = server;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Answers that were lost.</summary>
    public int Lost { get; private set; }

    /// <summary>The next answer that holds these bytes is lost.</summary>
    public void LoseAnswerWith(ReadOnlySpan<byte> bytes) => Volatile.Write(ref order, bytes.ToArray());

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync(stop.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient program)
    {
        using var behind = new TcpClient();
        using (program)
        {
            await behind.ConnectAsync(IPAddress.Loopback, server, stop.Token);
            var (to, from) = (behind.GetStream(), program.GetStream());
            await Task.WhenAny(from.CopyToAsync(to, stop.Token), AnswerAsync(to, from)).Unwrap().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AnswerAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, stop.Token) is > 0 and var length)
        {
            if (Volatile.Read(ref order) is { } wanted && buffer.AsSpan(0, length).IndexOf(wanted) >= 0)
            {
                Volatile.Write(ref order, null);
                Lost++;
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, length), stop.Token);
        }
    }
}
