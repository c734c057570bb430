using System.Net;
using System.Net.Sockets;

namespace WaMcp.AppHost;

/// <summary>Chooses the port of each address: the usual one, or the next free one when somebody else has it.</summary>
internal sealed class Ports(LaunchOptions options)
{
    private readonly HashSet<int> chosen = [];

    public int Choose(string name, int usual)
    {
        var port = options.AnyPorts ? AnyFree() : Enumerable.Range(usual, 100).First(IsFree);
        if (!options.AnyPorts && port != usual)
        {
            Console.WriteLine($"{name}: port {usual} is busy, using {port}");
        }

        chosen.Add(port);
        return port;
    }

    private bool IsFree(int port) => !chosen.Contains(port) && TryListen(port) is not null;

    private int AnyFree()
    {
        while (true)
        {
            if (TryListen(0) is { } port && !chosen.Contains(port))
            {
                return port;
            }
        }
    }

    private static int? TryListen(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
