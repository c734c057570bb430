using System.Globalization;

namespace WaMcp.AppHost;

/// <summary>
/// Which processes the running system has started, on disk: after a kill -9 of the AppHost the next start ends what is still there
/// before it chooses ports and opens the data again. (On Aspire the orchestrator has a monitor of its own and nothing is written.)
/// </summary>
internal sealed class ProcessLedger(string path)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Dictionary<int, string> lines = [];

    public void Add(string name, int pid)
    {
        lock (gate)
        {
            lines[pid] = $"{pid} {StartOf(pid)} {name}";
            File.WriteAllLines(path, lines.Values);
        }
    }

    public void Remove(int pid)
    {
        lock (gate)
        {
            if (lines.Remove(pid) && lines.Count > 0)
            {
                File.WriteAllLines(path, lines.Values);
            }
            else if (lines.Count == 0)
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Ends what an earlier AppHost left behind; a number that another program has by now is left alone.</summary>
    public void EndLeftovers()
    {
        if (!File.Exists(path))
        {
            return;
        }

        var leftovers = File.ReadAllLines(path).Select(line => line.Split(' ', 3)).Where(IsStillThere).ToList();
        foreach (var signal in (UnixSignal[])[UnixSignal.Terminate, UnixSignal.Interrupt, UnixSignal.Kill])
        {
            foreach (var leftover in leftovers)
            {
                Console.WriteLine($"apphost: ending {leftover[2]}, which an earlier start left behind (process {leftover[0]})");
                signal.SendToGroup(int.Parse(leftover[0], CultureInfo.InvariantCulture));
            }

            var deadline = DateTime.UtcNow + Patience;
            while (leftovers.Any(IsStillThere) && DateTime.UtcNow < deadline)
            {
                Thread.Sleep(50);
            }

            leftovers.RemoveAll(leftover => !IsStillThere(leftover));
        }

        File.Delete(path);
    }

    private static bool IsStillThere(string[] line) =>
        line.Length == 3
        && int.TryParse(line[0], CultureInfo.InvariantCulture, out var pid)
        && line[1] != Unknown
        && StartOf(pid) == line[1];

    private const string Unknown = "-";

    // Field 22 of proc(5)'s stat: start time in ticks since boot. The second field is the name, in parentheses, with anything in it.
    private static string StartOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? Unknown : fields[19];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unknown;
        }
    }
}
