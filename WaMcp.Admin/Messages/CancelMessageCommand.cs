using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Messages;

namespace WaMcp.Admin.Messages;

/// <summary><c>admin messages cancel</c>.</summary>
internal sealed class CancelMessageCommand : ConsoleCommand
{
    private readonly Argument<string> message = MessageArgument.Create();
    private readonly Option<string> client = MessageArgument.CreateClient();

    public CancelMessageCommand()
        : base("cancel", "Withdraw a message that is still queued.", "admin messages cancel msg_01m80k9fd4e2ht0x7n1vq8cyzr --client acme-corp")
    {
        Add(message);
        Add(client);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var cancelled = await run.Get<CancelMessage>().ExecuteAsync(run.Required(client), run.Required(message), cancellationToken);
        run.Report.Note($"{cancelled.Id} is withdrawn and will not be sent.");
        run.Report.Show(MessageRow.Of(cancelled));
    }
}
