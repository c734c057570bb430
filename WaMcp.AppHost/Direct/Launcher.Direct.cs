using System.Collections.Concurrent;
using System.Diagnostics;

namespace WaMcp.AppHost.Direct;

/// <summary>
/// Starts processes that end with the AppHost, even if that is killed: each asks the kernel for SIGTERM when its parent dies. The
/// kernel means the parent's <em>thread</em> (https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html), and a thread of
/// the pool may end at any time, so one thread that lives as long as the AppHost starts them all.
/// </summary>
internal sealed class Launcher : IDisposable
{
    // In a session of its own a process is out of reach of the terminal's Ctrl-C, which is the AppHost's to answer, and leads a
    // group that can be ended as a whole.
    private static readonly string[] Wrapper = ["setpriv", "--pdeathsig", "TERM", "--", "setsid"];

    private readonly BlockingCollection<Action> orders = [];
    private readonly Thread thread;
    private bool wraps;

    public Launcher()
    {
        thread = new Thread(Work) { IsBackground = true, Name = "launcher" };
        thread.Start();
    }

    public Task<Process> StartAsync(ProcessResource resource)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        orders.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(Describe(resource))!);
            }
            catch (Exception e) // Whoever waits for the start gets it.
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    public void Dispose()
    {
        orders.CompleteAdding();
        thread.Join();
        orders.Dispose();
    }

    private void Work()
    {
        wraps = CanWrap();
        foreach (var order in orders.GetConsumingEnumerable())
        {
            order();
        }
    }

    private static bool CanWrap()
    {
        try
        {
            using var trial = Process.Start(new ProcessStartInfo(Wrapper[0], [.. Wrapper[1..], "true"]) { RedirectStandardError = true });
            trial!.WaitForExit();
            return trial.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // Not Linux, or a very small one.
        }
    }

    private ProcessStartInfo Describe(ProcessResource resource)
    {
        string[] command = [.. wraps ? Wrapper : [], resource.Command, .. resource.Args];
        var info = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = resource.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What `dotnet run` told the AppHost is not meant for the programs.
        foreach (var name in info.Environment.Keys.Where(IsTheAppHostsOwn).ToList())
        {
            info.Environment.Remove(name);
        }

        foreach (var (name, value) in resource.Environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }

    private static bool IsTheAppHostsOwn(string name) =>
        name.StartsWith("ASPNETCORE_", StringComparison.Ordinal) || name is "DOTNET_LAUNCH_PROFILE" or "DOTNET_URLS";
}
