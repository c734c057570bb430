using System.Collections.Concurrent;
using System.Diagnostics;
using WaMcp.Tests.Drivers;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Auth;

/// <summary>An agent that calls a tool again and again on several replicas, and notes when each call began and how it ended.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentQueue<Call> calls = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Task running;
    private volatile TestClient client;

    /// <summary>Starts calling.</summary>
    /// <param name="client">Whose key.</param>
    /// <param name="servers">The replicas.</param>
    /// <param name="perSecond">Calls a second, over all of them.</param>
    public Traffic(TestClient client, IReadOnlyList<Uri> servers, int perSecond)
    {
        this.client = client;
        var callers = (int)(perSecond * Pace.TotalSeconds);
        running = Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(servers[caller % servers.Count]))));
    }

    /// <summary>Calls with another key from now on.</summary>
    public void Use(TestClient other) => client = other;

    /// <summary>How the calls ended that began after a moment, once there are so many of every replica; those before it play no part.</summary>
    public async Task<int[]> StatusesAfterAsync(long moment, int atLeast, TestClient of)
    {
        var seen = await Eventually.GetAsync(
            $"{atLeast} calls",
            () => Task.FromResult(calls.Where(call => call.Began > moment && call.Client == of).ToArray()),
            after => after.Length >= atLeast && after.Select(call => call.Server).Distinct().Count() > 1);
        return [.. seen.Select(call => call.Status)];
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    private async Task CallAsync(Uri server)
    {
        while (!stop.IsCancellationRequested)
        {
            var (by, began) = (client, Stopwatch.GetTimestamp());
            var answer = await WaMcpSystem.Mcp(by.Token, server).CallAsync("get_messages", new { channel = by.Channel.Name });
            calls.Enqueue(new(began, answer.Status, server, by));
            var rest = Pace - Stopwatch.GetElapsedTime(began);
            if (rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private sealed record Call(long Began, int Status, Uri Server, TestClient Client);
}
