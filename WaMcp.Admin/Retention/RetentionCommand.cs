using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Retention;

/// <summary><c>admin retention</c>.</summary>
internal sealed class RetentionCommand : Command, IHasExamples
{
    public RetentionCommand()
        : base("retention", "What the Worker does once a day so that nothing is kept too long: when it last ran, and running it now.")
    {
        Add(new RetentionStatusCommand());
        Add(new RunRetentionCommand());
    }

    public IReadOnlyList<string> Examples { get; } = ["admin retention status", "admin retention run prune-messages"];
}
