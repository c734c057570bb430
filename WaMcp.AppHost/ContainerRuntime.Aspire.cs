using System.ComponentModel;
using System.Diagnostics;

namespace WaMcp.AppHost;

/// <summary>The container runtime that answers on this machine. Installed is not enough: a client without its engine is common.</summary>
internal static class ContainerRuntime
{
    private static readonly Lazy<string?> Found = new(() => new[] { "docker", "podman" }.FirstOrDefault(Answers));

    public static string? Name => Found.Value;

    private static bool Answers(string name)
    {
        try
        {
            using var info = Process.Start(new ProcessStartInfo(name, "info") { RedirectStandardOutput = true, RedirectStandardError = true });
            if (info is null)
            {
                return false;
            }

            info.BeginOutputReadLine();
            info.BeginErrorReadLine();
            if (info.WaitForExit(TimeSpan.FromSeconds(10)))
            {
                return info.ExitCode == 0;
            }

            info.Kill();
            return false;
        }
        catch (Win32Exception)
        {
            return false; // Not installed.
        }
    }
}
