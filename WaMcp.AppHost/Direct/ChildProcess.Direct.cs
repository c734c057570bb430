using System.Diagnostics;

namespace WaMcp.AppHost.Direct;

/// <summary>One running process: its lines, its end, and how it is asked to end.</summary>
internal sealed class ChildProcess
{
    private const int Remembered = 15;

    private static readonly (UnixSignal Signal, TimeSpan Patience)[] Escalation =
    [
        (UnixSignal.Terminate, TimeSpan.FromSeconds(10)),
        (UnixSignal.Interrupt, TimeSpan.FromSeconds(5)), // Postgres: no longer waits for its clients
        (UnixSignal.Kill, TimeSpan.FromSeconds(5)),
    ];

    private readonly Process process;
    private readonly Queue<string> lastLines = new();

    private ChildProcess(Process process, Action<string> onLine, ProcessLedger ledger)
    {
        this.process = process;
        process.StandardInput.Close();
        var output = Task.WhenAll(ForwardAsync(process.StandardOutput, onLine), ForwardAsync(process.StandardError, onLine));
        Exited = EndAsync(output, ledger);
    }

    /// <summary>Completes with the exit code; 128 plus the signal's number when a signal ended it.</summary>
    public Task<int> Exited { get; }

    public static async Task<ChildProcess> StartAsync(
        ProcessResource resource, Launcher launcher, ProcessLedger ledger, Action<string> onLine)
    {
        var process = await launcher.StartAsync(resource);
        ledger.Add(resource.Name, process.Id);
        return new ChildProcess(process, onLine, ledger);
    }

    public IReadOnlyList<string> LastLines()
    {
        lock (lastLines)
        {
            return [.. lastLines];
        }
    }

    /// <summary>Asks first, orders in the end. Completes when it is gone; false when it had to be killed.</summary>
    /// <param name="hurry">Cancelled when somebody has had enough of waiting.</param>
    public async Task<bool> StopAsync(CancellationToken hurry)
    {
        var last = UnixSignal.Terminate;
        foreach (var (signal, patience) in Escalation)
        {
            if (Exited.IsCompleted)
            {
                break;
            }

            last = hurry.IsCancellationRequested ? UnixSignal.Kill : signal;
            last.SendToGroup(process.Id);
            await Task.WhenAny(Exited, Task.Delay(patience, last == UnixSignal.Kill ? CancellationToken.None : hurry));
        }

        return last != UnixSignal.Kill;
    }

    private async Task<int> EndAsync(Task output, ProcessLedger ledger)
    {
        await process.WaitForExitAsync();
        var exitCode = process.ExitCode;
        // What it had started ends with it; then its last lines are complete, unless a stranger holds the pipe.
        UnixSignal.Kill.SendToGroup(process.Id);
        await Task.WhenAny(output, Task.Delay(TimeSpan.FromSeconds(1)));
        ledger.Remove(process.Id);
        process.Dispose();
        return exitCode;
    }

    private async Task ForwardAsync(StreamReader reader, Action<string> onLine)
    {
        while (await reader.ReadLineAsync() is { } raw)
        {
            var line = raw.TrimEnd();
            if (line.Length == 0)
            {
                continue;
            }

            lock (lastLines)
            {
                lastLines.Enqueue(line);
                if (lastLines.Count > Remembered)
                {
                    lastLines.Dequeue();
                }
            }

            onLine(line);
        }
    }
}
