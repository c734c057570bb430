namespace WaMcp.AppHost.Direct;

/// <summary>Everybody's lines on one terminal, each with the name of who wrote it; in colour when a person looks on.</summary>
internal sealed class Terminal(IEnumerable<string> names)
{
    private const string Own = "apphost";

    private static readonly string[] Colours = ["36", "32", "33", "35", "34", "96", "92", "95"];
    private static readonly bool Coloured =
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private readonly Lock gate = new();
    private readonly List<string> order = [.. names];
    private readonly int width = names.Append(Own).Max(name => name.Length);

    /// <summary>A line of a program, as it came.</summary>
    public void Write(string name, string line) => Print(name, Colours[Math.Max(order.IndexOf(name), 0) % Colours.Length], line);

    /// <summary>A sentence of the AppHost itself.</summary>
    public void Say(string sentence) => Print(Own, "1", sentence);

    private void Print(string name, string colour, string line)
    {
        var prefix = $"{name.PadRight(width)} |";
        lock (gate)
        {
            Console.WriteLine(Coloured ? $"\e[{colour}m{prefix}\e[0m {line}" : $"{prefix} {line}");
        }
    }
}
