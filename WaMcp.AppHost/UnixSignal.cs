using System.Runtime.InteropServices;

namespace WaMcp.AppHost;

/// <summary>The signals that end a process, from a request to an order. On Windows there are no local stores and none of this is used.</summary>
internal enum UnixSignal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
}

internal static class UnixSignals
{
    /// <summary>Sends it to a process and what it started: every process of ours leads a group of its own.</summary>
    public static void SendToGroup(this UnixSignal signal, int leader)
    {
        if (kill(-leader, (int)signal) != 0)
        {
            _ = kill(leader, (int)signal); // No group of its own: setsid was not there.
        }
    }

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}
