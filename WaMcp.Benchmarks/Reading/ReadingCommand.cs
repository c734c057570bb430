using System.CommandLine;
using System.Globalization;

namespace WaMcp.Benchmarks.Reading;

/// <summary><c>bench reading</c>: what agents read, with few messages and with many.</summary>
internal sealed class ReadingCommand : Command
{
    private readonly Option<int> few = new("--few") { Description = "Messages of the small database.", DefaultValueFactory = _ => 1_000 };
    private readonly Option<int> many = new("--many") { Description = "Messages of the large one.", DefaultValueFactory = _ => 1_000_000 };
    private readonly Option<int> rounds = new("--rounds") { Description = "How often each read is done in each, taking turns.", DefaultValueFactory = _ => 200 };
    private readonly Option<int> warmUp = new("--warm-up") { Description = "How often before that, unmeasured.", DefaultValueFactory = _ => 20 };
    private readonly Option<bool> plans = new("--plans") { Description = "Prints Postgres's plans of every read in the large one, with rows and buffers." };

    public ReadingCommand()
        : base(
            "reading",
            "Calls the tools that read over two databases, a small and a large one, taking turns: pages, what is new, lists, and searches. The messages belong to "
            + "21 clients over 22 channels, most of them to the one that reads. Says p50 and p99 of each call in milliseconds, the ratio of the p50s, and how many "
            + "things were found: what is read should not depend on how much there is, at most twice. A call is one over stdio; ping shows what of it is not reading, "
            + "and the last column is the ratio without that. The large database takes minutes to write, and 1.5 GB.")
    {
        Add(few);
        Add(many);
        Add(rounds);
        Add(warmUp);
        Add(plans);
        SetAction(RunAsync);
    }

    private async Task RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var small = await MessageArchive.BuildAsync(parsed.GetValue(few), cancellationToken);
        await using var large = await MessageArchive.BuildAsync(parsed.GetValue(many), cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{large.Count:N0} messages written in {large.Took.TotalSeconds:0} s"));
        await using var little = await Reads.PrepareAsync(small, cancellationToken);
        await using var much = await Reads.PrepareAsync(large, cancellationToken);
        Console.WriteLine($"{"",-31}{$"{small.Count:N0} messages",24}{$"{large.Count:N0} messages",27}");
        Console.WriteLine($"{"read",-31}{"found",7}{"p50",8}{"p99",9}{"found",10}{"p50",8}{"p99",9}{"ratio",8}{"less ping",11}");
        (double Little, double Much) ping = default;
        for (var read = 0; read < little.All.Count; read++)
        {
            for (var round = 0; round < parsed.GetValue(warmUp); round++)
            {
                await little.RunAsync(read, cancellationToken);
                await much.RunAsync(read, cancellationToken);
            }

            var (quick, slow) = (new List<double>(), new List<double>());
            var (foundInLittle, foundInMuch) = (0, 0);
            for (var round = 0; round < parsed.GetValue(rounds); round++)
            {
                (foundInLittle, var took) = await little.RunAsync(read, cancellationToken);
                quick.Add(took);
                (foundInMuch, took) = await much.RunAsync(read, cancellationToken);
                slow.Add(took);
            }

            var (a, b) = (At(quick, 0.5), At(slow, 0.5));
            ping = read == 0 ? (a, b) : ping;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{little.All[read].Name,-31}{foundInLittle,7}{a,8:0.00}{At(quick, 0.99),9:0.00}{foundInMuch,10}{b,8:0.00}{At(slow, 0.99),9:0.00}{b / a,8:0.00}"
                + $"{(read == 0 ? double.NaN : (b - ping.Much) / (a - ping.Little)),11:0.00}{(b > 2 * a ? "  over twice" : "")}"));
        }

        if (parsed.GetValue(plans))
        {
            await Plans.PrintAsync(large, cancellationToken);
        }
    }

    private static double At(List<double> times, double share) => times.Order().ElementAt((int)(share * (times.Count - 1)));
}
