using System.Diagnostics;

namespace WaMcp.Tests.Infrastructure;

/// <summary>
/// The temporary folder of this test run. A small shell waits on a pipe for the run to end, however it ends (also by SIGKILL), and
/// removes the folder then, with the one shared memory segment a killed Postgres leaves behind.
/// </summary>
internal static class RunFolder
{
    private const string Broom = """
        exec >/dev/null 2>&1
        trap '' INT TERM HUP
        cat
        for pid in "$1"/*/postmaster.pid; do ipcrm --shmem-id "$(sed -n '7s/.* //p' "$pid")"; done
        for attempt in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && exit; sleep 0.2; done
        """;

    private static readonly Lazy<(string Path, Process Broom)> Run = new(() =>
    {
        var path = Path.Combine(Path.GetTempPath(), $"wamcp-tests-{Environment.ProcessId}-{Path.GetRandomFileName()}");
        Directory.CreateDirectory(path);
        var start = new ProcessStartInfo("/bin/sh", ["-c", Broom, "broom", path]) { RedirectStandardInput = true };
        return (path, Process.Start(start)!);
    });

    /// <summary>A new empty folder inside the run's folder.</summary>
    public static string Create(string name)
    {
        var path = Path.Combine(Run.Value.Path, $"{name}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(path);
        return path;
    }
}
