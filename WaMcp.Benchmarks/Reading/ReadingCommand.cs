using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace WaMcp.Benchmarks.Reading;

/// <summary><c>bench reading</c>: what agents read, with few messages and with many.</summary>
internal sealed class ReadingCommand : Command
{
    private readonly Option<int> few = new("--few") { Description = "Messages of the small database.", DefaultValueFactory = _ => 1_000 };
    private readonly Option<int> many = new("--many") { Description = "Messages of the large one.", DefaultValueFactory = _ => 1_000_000 };
    private readonly Option<int> rounds = new("--rounds") { Description = "How often each read is done in each, taking turns.", DefaultValueFactory = _ => 200 };
    private readonly Option<bool> plans = new("--plans") { Description = "Prints Postgres's plans of the search in the large one." };

    public ReadingCommand()
        : base(
            "reading",
            "Reads pages, what is new, and search results over two databases, a small and a large one, taking turns. Says the median of each in "
            + "milliseconds, and the ratio: what is read should not depend on how much there is.")
    {
        Add(few);
        Add(many);
        Add(rounds);
        Add(plans);
        SetAction(RunAsync);
    }

    private async Task RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var small = await MessageArchive.BuildAsync(parsed.GetValue(few), cancellationToken);
        var started = Stopwatch.GetTimestamp();
        await using var large = await MessageArchive.BuildAsync(parsed.GetValue(many), cancellationToken);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{large.Count:N0} messages written in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s"));
        Console.WriteLine($"{"read",-28}  {$"{small.Count:N0}, ms",12}  {$"{large.Count:N0}, ms",14}  {"ratio",6}");
        foreach (var (name, readAsync) in Reads.All)
        {
            var (quick, slow) = (new List<double>(), new List<double>());
            for (var round = 0; round < parsed.GetValue(rounds); round++)
            {
                quick.Add(await TimeAsync(small, readAsync, cancellationToken));
                slow.Add(await TimeAsync(large, readAsync, cancellationToken));
            }

            var (a, b) = (Median(quick), Median(slow));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-28}  {a,12:0.000}  {b,14:0.000}  {b / a,6:0.00}"));
        }

        if (parsed.GetValue(plans))
        {
            await large.PrintPlansAsync(cancellationToken);
        }
    }

    private static async Task<double> TimeAsync(MessageArchive archive, Reads.Read readAsync, CancellationToken cancellationToken)
    {
        await using var reader = archive.Open();
        var started = Stopwatch.GetTimestamp();
        await readAsync(reader, cancellationToken);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
