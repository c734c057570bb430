using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Jobs;

namespace WaMcp.Admin.DeadLetters;

/// <summary><c>admin deadletters discard</c>.</summary>
internal sealed class DiscardDeadLetterCommand : ConsoleCommand
{
    private readonly Argument<string> letter = DeadLetterArgument.Create();

    public DiscardDeadLetterCommand()
        : base("discard", "Remove a dead letter for good. A message that it should have sent is cancelled, or unknown if it may have left.", "admin deadletters discard job_01m80jtfh0eg7s9s11tm081fhe") => Add(letter);

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var job = await run.Get<DiscardDeadLetter>().ExecuteAsync(run.Required(letter), cancellationToken);
        run.Report.Note($"{job.Id} is gone and will not be tried again.");
        run.Report.Show(DeadLetterRow.Of(job));
    }
}
