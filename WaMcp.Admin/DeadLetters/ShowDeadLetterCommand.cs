using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Jobs;

namespace WaMcp.Admin.DeadLetters;

/// <summary><c>admin deadletters show</c>.</summary>
internal sealed class ShowDeadLetterCommand : ConsoleCommand
{
    private readonly Argument<string> letter = DeadLetterArgument.Create();

    public ShowDeadLetterCommand()
        : base("show", "Show one dead letter.", "admin deadletters show job_01m80jtfh0eg7s9s11tm081fhe") => Add(letter);

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var job = await run.Get<FindDeadLetter>().ExecuteAsync(run.Required(letter), cancellationToken);
        run.Report.Show(DeadLetterRow.Of(job));
    }
}
