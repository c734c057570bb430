using System.Diagnostics;
using WaMcp.Admin;
using WaMcp.Tests.Infrastructure;

namespace WaMcp.Tests.Docs;

/// <summary>A shell as an operator has it: <c>admin</c> is the console of the running system, standard output and error come together.</summary>
internal sealed class OperatorShell : IDisposable
{
    private const string End = "-- end of the command --";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process bash;

    public OperatorShell(IReadOnlyDictionary<string, string?> settings, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("bash", ["--noprofile", "--norc"])
        {
            WorkingDirectory = RunFolder.Create("operator"),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        bash = Process.Start(start)!;
        bash.StandardInput.WriteLine("exec 2>&1");
        bash.StandardInput.WriteLine($"admin() {{ dotnet '{typeof(AdminApp).Assembly.Location}' \"$@\"; }}");
    }

    /// <summary>Runs one line.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> RunAsync(string line)
    {
        await bash.StandardInput.WriteLineAsync($"{line}\nprintf '%s\\n' '{End}'");
        await bash.StandardInput.FlushAsync();
        var printed = "";
        while (await bash.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } read)
        {
            if (read == End)
            {
                return printed;
            }

            printed += $"{read}\n";
        }

        throw new InvalidOperationException($"The shell ended at: {line}\n{printed}");
    }

    public void Dispose()
    {
        bash.Kill(entireProcessTree: true);
        bash.Dispose();
    }
}
