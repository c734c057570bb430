using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.DeadLetters;

/// <summary><c>admin deadletters</c>.</summary>
internal sealed class DeadLettersCommand : Command, IHasExamples
{
    public DeadLettersCommand()
        : base("deadletters", "Jobs that failed so often that they were given up. A dead letter is named by its id (job_…).")
    {
        Add(new ListDeadLettersCommand());
        Add(new ShowDeadLetterCommand());
        Add(new RetryDeadLetterCommand());
        Add(new DiscardDeadLetterCommand());
    }

    public IReadOnlyList<string> Examples { get; } =
    [
        "admin deadletters list",
        "admin deadletters retry job_01m80jtfh0eg7s9s11tm081fhe",
    ];
}
