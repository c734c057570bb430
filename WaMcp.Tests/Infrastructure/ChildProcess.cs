using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace WaMcp.Tests.Infrastructure;

/// <summary>
/// A program that a test started. It dies with the test run, however that ends: the kernel kills it when the thread that started it is
/// gone (PR_SET_PDEATHSIG), and that thread lives as long as the process.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly BlockingCollection<Action> Starts = StartingThread();

    private readonly string name;
    private readonly ConcurrentQueue<string> output = new();
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process process;
    private readonly Task exited;

    private ChildProcess(Process process, string name, Func<string, bool> isReady)
    {
        this.process = process;
        this.name = name;
        process.OutputDataReceived += (_, line) => Read(line.Data, isReady);
        process.ErrorDataReceived += (_, line) => Read(line.Data, isReady);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        exited = process.WaitForExitAsync();
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>The last lines the program wrote.</summary>
    public string Output => string.Join('\n', output);

    /// <summary>Starts a program and waits until it has written a line that <paramref name="isReady"/> accepts.</summary>
    /// <remarks>
    /// <paramref name="wrapper"/> is a command that runs the program under other rights, e.g. <c>unshare … --</c>.
    /// <paramref name="environment"/> comes on top of the test run's own; a null removes a variable.
    /// </remarks>
    public static async Task<ChildProcess> StartAsync(string program, IEnumerable<string> arguments, Func<string, bool> isReady,
        IEnumerable<string>? wrapper = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var child = await LaunchAsync(program, arguments, isReady, wrapper, environment);
        var first = await Task.WhenAny(child.ready.Task, child.exited, Task.Delay(Patience));
        if (first != child.ready.Task && !child.ready.Task.IsCompleted)
        {
            var fate = child.HasExited ? $"ended with code {child.process.ExitCode}" : $"was not ready within {Patience.TotalSeconds} s";
            await child.DisposeAsync();
            throw new InvalidOperationException($"{program} {fate}. Its output:\n{child.Output}");
        }

        return child;
    }

    /// <summary>Runs a program to its end and returns its output; throws unless it ended with 0.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, IEnumerable<string>? wrapper = null)
    {
        await using var child = await LaunchAsync(program, arguments, _ => false, wrapper, environment: null);
        await child.exited.WaitAsync(Patience);
        return child.process.ExitCode == 0
            ? child.Output
            : throw new InvalidOperationException($"{program} ended with code {child.process.ExitCode}. Its output:\n{child.Output}");
    }

    /// <summary>Asks the program to end with this signal and waits; kills it when it does not.</summary>
    public async Task StopAsync(Signal signal = Signal.Terminate)
    {
        Send(signal);
        try
        {
            await exited.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            await KillAsync();
        }
    }

    /// <summary>SIGKILL to the program and its children, as if the machine had lost them all at once.</summary>
    public async Task KillAsync()
    {
        // The parent first: it must not see its children die and react to that.
        int[] children = process.HasExited ? [] : [.. ChildrenOf(process.Id)];
        Send(Signal.Kill);
        foreach (var child in children)
        {
            Send(child, Signal.Kill);
        }

        await exited.WaitAsync(Patience);
    }

    /// <summary>SIGSTOP: the program and its children keep their connections and do nothing.</summary>
    public void Freeze()
    {
        ObjectDisposedException.ThrowIf(process.HasExited, name);
        SendToAll(Signal.Stop);
    }

    public void Continue()
    {
        if (!process.HasExited)
        {
            SendToAll(Signal.Continue);
        }
    }

    public void Send(Signal signal)
    {
        if (!process.HasExited)
        {
            Send(process.Id, signal);
        }
    }

    public static void Send(int processId, Signal signal) => _ = SysKill(processId, (int)signal);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process.Dispose();
    }

    private static Task<ChildProcess> LaunchAsync(string program, IEnumerable<string> arguments, Func<string, bool> isReady,
        IEnumerable<string>? wrapper, IReadOnlyDictionary<string, string?>? environment)
    {
        // setpriv comes after the wrapper: a change of credentials would clear the death signal again.
        string[] command = [.. wrapper ?? [], "setpriv", "--pdeathsig", "KILL", "--", program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[key] = value;
        }

        var started = new TaskCompletionSource<ChildProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Add(() =>
        {
            try
            {
                started.SetResult(new ChildProcess(Process.Start(start)!, Path.GetFileName(program), isReady));
            }
            catch (Exception exception)
            {
                started.SetException(exception);
            }
        });
        return started.Task;
    }

    // The death signal is tied to the starting thread, not to the process (prctl(2)), so thread-pool threads must not start anything.
    private static BlockingCollection<Action> StartingThread()
    {
        var starts = new BlockingCollection<Action>();
        var thread = new Thread(() =>
        {
            foreach (var start in starts.GetConsumingEnumerable())
            {
                start();
            }
        })
        { IsBackground = true, Name = "starts child processes" };
        thread.Start();
        return starts;
    }

    private void Read(string? line, Func<string, bool> isReady)
    {
        if (line is null)
        {
            return;
        }

        output.Enqueue(line);
        if (output.Count > 500)
        {
            output.TryDequeue(out _);
        }

        if (isReady(line))
        {
            ready.TrySetResult();
        }
    }

    private void SendToAll(Signal signal)
    {
        Send(process.Id, signal);
        foreach (var child in ChildrenOf(process.Id))
        {
            Send(child, signal);
        }
    }

    private static IEnumerable<int> ChildrenOf(int parent)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && ParentOf(folder) == parent)
            {
                yield return id;
            }
        }
    }

    private static int ParentOf(string procFolder)
    {
        try
        {
            // proc_pid_stat(5): "pid (name) state ppid …"; the name may hold anything, so count from its closing bracket.
            var stat = File.ReadAllText(Path.Combine(procFolder, "stat"));
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return -1; // ended meanwhile
        }
    }

    [DllImport("libc", EntryPoint = "kill"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SysKill(int processId, int signal);
}

/// <summary>Linux signal numbers.</summary>
internal enum Signal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
