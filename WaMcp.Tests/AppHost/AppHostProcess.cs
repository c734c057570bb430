using System.Diagnostics;
using System.Runtime.InteropServices;

namespace WaMcp.Tests.AppHost;

/// <summary>An AppHost started from outside, as <c>dotnet run</c> starts it, on a data folder of its own and on any free ports.</summary>
internal sealed class AppHostProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly OutputLines output = new();

    private AppHostProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => output.Add(line.Data);
        process.ErrorDataReceived += (_, line) => output.Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => process.Id;

    public int ExitCode => process.ExitCode;

    public string Output => output.ToString();

    public IReadOnlyList<string> Lines => output.Snapshot();

    public static AppHostProcess Start(string data, IReadOnlyDictionary<string, string>? environment = null, params string[] args)
    {
        var info = new ProcessStartInfo("dotnet", [BuiltAppHost.Program, "--data", data, "--stores", "local", .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[name] = value;
        }

        return new AppHostProcess(Process.Start(info)!);
    }

    /// <summary>Until a line contains the text; fails with the whole output when the process ends or the time is over first.</summary>
    public async Task<string> LineWithAsync(string text)
    {
        using var timeout = new CancellationTokenSource(Patience.Long);
        var line = output.LineWithAsync(text, timeout.Token);
        if (await Task.WhenAny(line, process.WaitForExitAsync(timeout.Token)) != line && !line.IsCompleted)
        {
            throw new InvalidOperationException($"No line with '{text}' came. The output was:\n{Output}");
        }

        return await line;
    }

    public Task UpAsync() => LineWithAsync("WaMcp is up");

    public async Task EndAsync()
    {
        using var timeout = new CancellationTokenSource(Patience.Long);
        await process.WaitForExitAsync(timeout.Token);
    }

    public void Send(PosixSignal signal) => Signal.Send(process.Id, signal);

    public void Kill() => process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Send(PosixSignal.SIGTERM);
            await EndAsync();
        }

        process.Dispose();
    }
}
