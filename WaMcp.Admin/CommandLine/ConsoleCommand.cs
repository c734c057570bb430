using System.CommandLine;

namespace WaMcp.Admin.CommandLine;

/// <summary>One command of the console: its options, and what it does with them.</summary>
/// <param name="verb">Its word on the command line.</param>
/// <param name="purpose">What it is for, as its help says it.</param>
/// <param name="examples">Command lines that work.</param>
internal abstract class ConsoleCommand(string verb, string purpose, params string[] examples) : Command(verb, purpose), IHasExamples
{
    public IReadOnlyList<string> Examples => examples;

    /// <summary>Does it, and reports what came of it.</summary>
    public abstract Task ExecuteAsync(Invocation run, CancellationToken cancellationToken);
}
