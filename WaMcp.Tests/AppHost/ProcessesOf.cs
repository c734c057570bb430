using System.Diagnostics;
using System.Text;

namespace WaMcp.Tests.AppHost;

/// <summary>
/// Finds the processes of a system from outside: each names its data folder in its arguments or its environment, or works in it.
/// </summary>
internal static class ProcessesOf
{
    public static IReadOnlyList<Process> Data(string data) => [.. Process.GetProcesses().Where(process => BelongsTo(process, data))];

    /// <summary>One of our programs, by the name of its project.</summary>
    public static Process Program(string data, string project) =>
        Data(data).Single(process => Read(process, "cmdline").Contains($"{project}/", StringComparison.Ordinal)
            && Read(process, "cmdline").Contains("/artifacts/bin/", StringComparison.Ordinal));

    private static bool BelongsTo(Process process, string data) =>
        process.Id != Environment.ProcessId
        && (Read(process, "cmdline").Contains(data, StringComparison.Ordinal)
            || Read(process, "environ").Contains(data, StringComparison.Ordinal)
            || (new FileInfo($"/proc/{process.Id}/cwd").LinkTarget ?? string.Empty).StartsWith(data, StringComparison.Ordinal));

    private static string Read(Process process, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{process.Id}/{file}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return string.Empty; // Gone by now, or somebody else's.
        }
    }
}
