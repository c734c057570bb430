using System.Diagnostics;

namespace WaMcp.Tests.AppHost;

/// <summary>A script in ops, run against the system of one data folder.</summary>
internal static class OpsScript
{
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string script, string data, params string[] args)
    {
        var info = new ProcessStartInfo(Path.Combine(BuiltAppHost.Repository, "ops", script), args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["WAMCP_DATA"] = data;
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
