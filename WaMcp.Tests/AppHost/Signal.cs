using System.Runtime.InteropServices;

namespace WaMcp.Tests.AppHost;

/// <summary>A signal to a process that is not ours to kill the hard way.</summary>
internal static class Signal
{
    public static void Send(int pid, PosixSignal signal)
    {
        var number = signal switch
        {
            PosixSignal.SIGINT => 2,
            PosixSignal.SIGTERM => 15,
            _ => throw new ArgumentOutOfRangeException(nameof(signal)),
        };
        _ = kill(pid, number);
    }

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}
