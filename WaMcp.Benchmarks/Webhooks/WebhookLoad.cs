using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WaMcp.Benchmarks.Webhooks;

/// <summary>
/// Deliveries that arrive at their times, whether or not those before have been answered (open loop), over a few connections. What finds none free
/// waits, and that counts: a delivery's time begins when it was to arrive. Raw sockets, because the load shares its processors with what it measures.
/// </summary>
/// <param name="server">Where to.</param>
/// <param name="requests">Sent in turns.</param>
/// <param name="connections">How many.</param>
internal sealed class WebhookLoad(Uri server, byte[][] requests, int connections) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Stack<Connection> idle = new();
    private readonly List<Connection> all = [];
    private readonly ConcurrentDictionary<int, int> refusals = new();

    private long start;
    private double ticksEach; // between two arrivals; zero: as fast as they are answered
    private long due;
    private long sent;
    private long arrivalsEnd;

    /// <summary>Opens the connections.</summary>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        while (all.Count < connections)
        {
            var connection = new Connection();
            await connection.OpenAsync(server, cancellationToken);
            all.Add(connection);
            idle.Push(connection);
        }
    }

    /// <summary>Delivers so many in a second for so long; with 0, as many as are answered.</summary>
    public async Task<Result> RunAsync(int perSecond, TimeSpan span, CancellationToken cancellationToken)
    {
        refusals.Clear();
        all.ForEach(connection => connection.Begin());
        (ticksEach, due, sent) = (perSecond == 0 ? 0 : (double)Stopwatch.Frequency / perSecond, 0, 0);
        start = Stopwatch.GetTimestamp();
        arrivalsEnd = start + (long)(span.TotalSeconds * Stopwatch.Frequency);
        await Task.Factory.StartNew(Arrive, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var patience = Stopwatch.GetTimestamp();
        while (!AreAllIdle() && Stopwatch.GetElapsedTime(patience) < Patience)
        {
            await Task.Delay(10, cancellationToken); // what is on its way is answered
        }

        // What was never sent has waited until now, at least.
        var left = perSecond == 0 ? 0 : due - sent;
        var waits = Enumerable.Range(0, (int)left).Select(late => (arrivalsEnd - start - ((sent + late) * ticksEach)) / Stopwatch.Frequency);
        double[] times = [.. all.SelectMany(connection => connection.Times).Concat(waits).Order()];
        return new Result(all.Sum(connection => connection.InTime) / span.TotalSeconds, times, left, new Dictionary<int, int>(refusals));
    }

    public void Dispose() => all.ForEach(connection => connection.Dispose());

    // Sleeps until the next arrival; .NET's own sleep knows milliseconds only.
    private void Arrive()
    {
        while (Stopwatch.GetTimestamp() is var now && now < arrivalsEnd)
        {
            Interlocked.Exchange(ref due, ticksEach == 0 ? long.MaxValue : (long)((now - start) / ticksEach) + 1);
            while (Take(null) is { } next)
            {
                Send(next.Connection, next.Number);
            }

            var untilNext = ticksEach == 0 ? Stopwatch.Frequency / 1_000 : start + (Interlocked.Read(ref due) * ticksEach) - Stopwatch.GetTimestamp();
            if (untilNext > 0)
            {
                _ = Sleep((uint)(untilNext * 1_000_000 / Stopwatch.Frequency));
            }
        }
    }

    // The next delivery that is due, and a connection that is free: this one, when it has just become so.
    private (Connection Connection, long Number)? Take(Connection? free)
    {
        lock (idle)
        {
            if (free is not null)
            {
                idle.Push(free);
            }

            return sent < Interlocked.Read(ref due) && Stopwatch.GetTimestamp() < arrivalsEnd && idle.TryPop(out var connection) ? (connection, sent++) : null;
        }
    }

    private bool AreAllIdle()
    {
        lock (idle)
        {
            return idle.Count == all.Count;
        }
    }

    private void Send(Connection connection, long number)
    {
        var arrived = ticksEach == 0 ? Stopwatch.GetTimestamp() : start + (long)(number * ticksEach);
        var request = requests[number % requests.Length];
        _ = AnswerAsync(connection, request, arrived);
    }

    private async Task AnswerAsync(Connection connection, byte[] request, long arrived)
    {
        int status;
        try
        {
            status = await connection.SendAsync(request);
        }
        catch (SocketException)
        {
            status = 0;
        }

        if (status == 200)
        {
            connection.Note(arrived, arrivalsEnd);
        }
        else
        {
            refusals.AddOrUpdate(status, 1, (_, before) => before + 1);
            connection.Dispose();
            await connection.OpenAsync(server, CancellationToken.None); // rather than read the body of a refusal
        }

        if (Take(connection) is { } next)
        {
            Send(next.Connection, next.Number);
        }
    }

    [DllImport("libc", EntryPoint = "usleep"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sleep(uint microseconds);

    /// <param name="PerSecond">Acknowledged while deliveries came.</param>
    /// <param name="Times">Seconds from arrival to 200, in order; of those that were never sent, how long they had waited.</param>
    /// <param name="Left">Never sent: no connection became free for them.</param>
    /// <param name="Refusals">Other answers; 0 is a connection that broke.</param>
    internal sealed record Result(double PerSecond, double[] Times, long Left, Dictionary<int, int> Refusals)
    {
        /// <summary>In milliseconds.</summary>
        public double Percentile(double part) => Times.Length == 0 ? double.NaN : Times[(int)Math.Min(Times.Length * part, Times.Length - 1)] * 1_000;
    }

    private sealed class Connection : IDisposable
    {
        private readonly byte[] answer = new byte[4096];
        private Socket? socket;

        public List<double> Times { get; } = [];

        public int InTime { get; private set; }

        public void Begin()
        {
            Times.Clear();
            InTime = 0;
        }

        public async Task OpenAsync(Uri server, CancellationToken cancellationToken)
        {
            socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Parse(server.Host), server.Port, cancellationToken);
        }

        public async Task<int> SendAsync(byte[] request)
        {
            for (var written = 0; written < request.Length;)
            {
                written += await socket!.SendAsync(request.AsMemory(written));
            }

            // "HTTP/1.1 200 OK", and no body.
            for (var read = 0; ;)
            {
                var more = await socket!.ReceiveAsync(answer.AsMemory(read));
                read += more;
                if (more == 0 || read >= 12)
                {
                    var status = more == 0 ? 0 : ((answer[9] - '0') * 100) + ((answer[10] - '0') * 10) + answer[11] - '0';
                    if (status != 200 || answer.AsSpan(0, read).EndsWith("\r\n\r\n"u8))
                    {
                        return status;
                    }
                }
            }
        }

        public void Note(long arrived, long end)
        {
            var now = Stopwatch.GetTimestamp();
            Times.Add((double)(now - arrived) / Stopwatch.Frequency);
            InTime += now < end ? 1 : 0;
        }

        public void Dispose() => socket?.Dispose();
    }
}
