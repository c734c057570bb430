using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace WaMcp.Tests.Infrastructure;

/// <summary>
/// Ports that nobody listens on. They lie below the range from which the kernel takes ports for outgoing connections, so that a store
/// that a test stops finds its port still free when it starts again.
/// </summary>
internal static class FreePort
{
    private static readonly ConcurrentDictionary<int, byte> HandedOut = new();

    public static int Next()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            if (HandedOut.TryAdd(port, 0) && IsFree(port))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
