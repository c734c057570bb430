using System.ComponentModel;
using System.Diagnostics;

namespace WaMcp.AppHost.Direct;

/// <summary>
/// One process through its life: it starts when what it waits for is healthy, fails the start if it ends or stays silent before it
/// is healthy itself, and is started again with back-off if it crashes after that.
/// </summary>
internal sealed class Supervisor(ProcessResource resource, Launcher launcher, ProcessLedger ledger, Terminal terminal)
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(150);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly TaskCompletionSource up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stopwatch sinceStart = new();
    private ChildProcess? child;

    public ProcessResource Resource => resource;

    /// <summary>Healthy, or for what runs once: completed.</summary>
    public Task Up => up.Task;

    /// <summary>Ends when the process has run once, or never came up and may be missing, or the stop begins.</summary>
    public async Task RunAsync(IEnumerable<Supervisor> dependencies, CancellationToken stopping)
    {
        await Task.WhenAll(dependencies.Select(dependency => dependency.Up)).WaitAsync(stopping);
        try
        {
            await ComeUpAsync(stopping);
            up.SetResult();
        }
        catch (StartFailed e) when (resource.IsOptional)
        {
            resource.IsLost = true;
            terminal.Say($"going on without the {resource.Name}: {e.Message}");
            up.SetResult();
            return;
        }

        if (!resource.RunsOnce)
        {
            await KeepRunningAsync(stopping);
        }
    }

    public async Task StopAsync(CancellationToken hurry)
    {
        if (child is { Exited.IsCompleted: false } && !await child.StopAsync(hurry))
        {
            terminal.Say($"{resource.Name} did not stop by itself and was killed");
        }
    }

    private async Task ComeUpAsync(CancellationToken stopping)
    {
        var process = await StartAsync();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        timeout.CancelAfter(StartTimeout);
        try
        {
            if (resource.RunsOnce)
            {
                var exitCode = await process.Exited.WaitAsync(timeout.Token);
                if (exitCode != 0)
                {
                    throw new StartFailed($"{resource.Name} ended with exit code {exitCode}", process.LastLines());
                }

                terminal.Say($"{resource.Name} completed after {Elapsed()}");
            }
            else if (await BecomesHealthyAsync(process, timeout.Token))
            {
                terminal.Say($"{resource.Name} is healthy after {Elapsed()}");
            }
            else
            {
                throw new StartFailed(
                    $"{resource.Name} ended with exit code {await process.Exited} before it was healthy", process.LastLines());
            }
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            throw new StartFailed(
                $"{resource.Name} was not {(resource.RunsOnce ? "done" : "healthy")} after {StartTimeout.TotalSeconds} s", process.LastLines());
        }
    }

    private async Task KeepRunningAsync(CancellationToken stopping)
    {
        var backOff = new BackOff();
        while (true)
        {
            var exitCode = await child!.Exited.WaitAsync(stopping);
            var delay = backOff.AfterRunOf(sinceStart.Elapsed);
            terminal.Say($"{resource.Name} crashed (exit code {exitCode}), restarting in {delay.TotalSeconds} s");
            await Task.Delay(delay, stopping);
            if (await BecomesHealthyAsync(await StartAsync(), stopping))
            {
                terminal.Say($"{resource.Name} is healthy again");
            }
        }
    }

    private async Task<ChildProcess> StartAsync()
    {
        sinceStart.Restart();
        try
        {
            return child = await ChildProcess.StartAsync(resource, launcher, ledger, line => terminal.Write(resource.Name, line));
        }
        catch (Win32Exception e)
        {
            throw new StartFailed($"{resource.Name} could not be started: {e.Message}", []);
        }
    }

    /// <summary>False when it ends first.</summary>
    private async Task<bool> BecomesHealthyAsync(ChildProcess process, CancellationToken cancellationToken)
    {
        while (!process.Exited.IsCompleted)
        {
            if (await IsHealthyAsync(cancellationToken))
            {
                return true;
            }

            await Task.WhenAny(process.Exited, Task.Delay(ProbeInterval, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }

        return false;
    }

    private async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        if (resource.Readiness is not null)
        {
            return await resource.Readiness(cancellationToken);
        }

        if (resource.HealthUrl is null)
        {
            return true;
        }

        try
        {
            using var response = await Http.GetAsync(resource.HealthUrl, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false; // Not listening yet, or too busy to answer in time.
        }
    }

    private string Elapsed() => FormattableString.Invariant($"{sinceStart.Elapsed.TotalSeconds:0.0} s");
}
