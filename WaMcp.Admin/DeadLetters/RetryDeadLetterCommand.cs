using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Jobs;

namespace WaMcp.Admin.DeadLetters;

/// <summary><c>admin deadletters retry</c>.</summary>
internal sealed class RetryDeadLetterCommand : ConsoleCommand
{
    private readonly Argument<string> letter = DeadLetterArgument.Create();

    public RetryDeadLetterCommand()
        : base("retry", "Put a dead letter back into the queue, as if it had never been tried.", "admin deadletters retry job_01m80jtfh0eg7s9s11tm081fhe") => Add(letter);

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var job = await run.Get<RetryDeadLetter>().ExecuteAsync(run.Required(letter), cancellationToken);
        run.Report.Show(DeadLetterRow.Of(job));
    }
}
