using System.Globalization;

namespace WaMcp.Benchmarks.Delivery;

/// <summary>Processor time of a process, with its children, those that have ended among them (Linux: /proc).</summary>
internal static class ProcessorTime
{
    private const double TicksPerSecond = 100;

    public static TimeSpan Of(int process, bool withChildren = false)
    {
        var own = Read(process);
        var ticks = own.Own + (withChildren ? own.Ended : 0);
        if (withChildren)
        {
            ticks += Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit))
                .Select(name => Read(int.Parse(name!, CultureInfo.InvariantCulture))).Where(other => other.Parent == process).Sum(other => other.Own);
        }

        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    /// <summary>Of everything that runs on the machine.</summary>
    public static TimeSpan OfMachine()
    {
        var times = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(time => long.Parse(time, CultureInfo.InvariantCulture)).ToArray();
        return TimeSpan.FromSeconds((times[..8].Sum() - times[3] - times[4]) / TicksPerSecond); // all but idle and waiting for a disk
    }

    private static (int Parent, long Own, long Ended) Read(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[1], CultureInfo.InvariantCulture), Ticks(11) + Ticks(12), Ticks(13) + Ticks(14));

            long Ticks(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return default; // it has just ended
        }
    }
}
