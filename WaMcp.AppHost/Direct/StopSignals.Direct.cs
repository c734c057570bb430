using System.Runtime.InteropServices;

namespace WaMcp.AppHost.Direct;

/// <summary>Ctrl-C, SIGTERM and a closed terminal ask for the stop; asked once more after a while, it no longer waits for anybody.</summary>
internal sealed class StopSignals : IDisposable
{
    // `dotnet run` and the terminal may both pass on the same Ctrl-C.
    private static readonly TimeSpan SameRequest = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource hurry = new();
    private readonly List<PosixSignalRegistration> registrations;
    private readonly Terminal terminal;
    private long begun;

    public StopSignals(Terminal terminal)
    {
        this.terminal = terminal;
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
        registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, Answer))];
    }

    public CancellationToken Stop => stop.Token;

    public CancellationToken Hurry => hurry.Token;

    public void BeginStop()
    {
        if (!stop.IsCancellationRequested)
        {
            begun = TimeProvider.System.GetTimestamp();
            stop.Cancel();
        }
    }

    public void Dispose()
    {
        registrations.ForEach(registration => registration.Dispose());
        stop.Dispose();
        hurry.Dispose();
    }

    private void Answer(PosixSignalContext context)
    {
        context.Cancel = true;
        if (!stop.IsCancellationRequested)
        {
            BeginStop();
        }
        else if (TimeProvider.System.GetElapsedTime(begun) > SameRequest && !hurry.IsCancellationRequested)
        {
            terminal.Say("asked again: killing what is still running");
            hurry.Cancel();
        }
    }
}
