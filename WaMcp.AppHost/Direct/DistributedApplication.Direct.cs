namespace WaMcp.AppHost.Direct;

/// <summary>The system as local processes: up in the order of health, down in the reverse, nothing left behind.</summary>
internal sealed class DistributedApplication(
    IReadOnlyList<ProcessResource> processes, ProcessLedger ledger, Func<CancellationToken, Task> healthy, Action stopping)
{
    private readonly Terminal terminal = new(processes.Select(process => process.Name));

    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOptions options) =>
        new DistributedApplicationBuilder(options);

    public void Run() => RunAsync().GetAwaiter().GetResult();

    private async Task RunAsync()
    {
        using var signals = new StopSignals(terminal);
        using var launcher = new Launcher();
        var supervisors = processes.ToDictionary(process => process, process => new Supervisor(process, launcher, ledger, terminal));
        var runs = supervisors.Values.Select(supervisor => RunOneAsync(supervisor, supervisors, signals.Stop)).ToList();
        try
        {
            await UntilFailureOr(Task.WhenAll(supervisors.Values.Select(supervisor => supervisor.Up)), runs).WaitAsync(signals.Stop);
            await healthy(signals.Stop);
            await UntilFailureOr(Task.Delay(Timeout.Infinite, signals.Stop), runs);
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            terminal.Say("stopping");
        }
        catch (StartFailed e)
        {
            Report(e);
            Environment.ExitCode = 1;
        }

        stopping();
        signals.BeginStop();
        await StopAllAsync(supervisors, signals.Hurry);
        await Task.WhenAll(runs).ContinueWith(_ => { }, TaskScheduler.Default); // cancelled, all of them
        await StopAllAsync(supervisors, signals.Hurry); // what was in the middle of starting
        terminal.Say("stopped, nothing is left running");
    }

    private static Task RunOneAsync(
        Supervisor supervisor, Dictionary<ProcessResource, Supervisor> all, CancellationToken stop)
    {
        var process = supervisor.Resource;
        return supervisor.RunAsync([.. process.WaitsForHealthy.Concat(process.WaitsForCompletion).Select(other => all[other])], stop);
    }

    private static async Task UntilFailureOr(Task goal, List<Task> runs)
    {
        var pending = runs.Append(goal).ToList();
        while (!goal.IsCompleted)
        {
            var done = await Task.WhenAny(pending);
            await done; // a failed start is thrown here
            pending.Remove(done);
        }

        await goal;
    }

    // Each stops when nothing is left that may still need it; the dashboard last, it takes everybody's last telemetry.
    private async Task StopAllAsync(Dictionary<ProcessResource, Supervisor> supervisors, CancellationToken hurry)
    {
        var stops = new Dictionary<ProcessResource, Task>();
        await Task.WhenAll(processes.Select(StopAsync));

        Task StopAsync(ProcessResource process) =>
            stops.TryGetValue(process, out var stop) ? stop : stops[process] = StopAfterAsync(DependentsOf(process), supervisors[process]);

        async Task StopAfterAsync(IEnumerable<ProcessResource> dependents, Supervisor supervisor)
        {
            await Task.WhenAll(dependents.Select(StopAsync));
            await supervisor.StopAsync(hurry);
        }
    }

    private IEnumerable<ProcessResource> DependentsOf(ProcessResource process) =>
        process.IsOptional
            ? processes.Where(other => !other.IsOptional)
            : processes.Where(other => other.WaitsForHealthy.Contains(process) || other.WaitsForCompletion.Contains(process));

    private void Report(StartFailed failure)
    {
        terminal.Say($"the start failed: {failure.Message}");
        if (failure.LastLines.Count > 0)
        {
            terminal.Say("its last lines:");
        }

        foreach (var line in failure.LastLines)
        {
            terminal.Say($"  {line}");
        }
    }
}
