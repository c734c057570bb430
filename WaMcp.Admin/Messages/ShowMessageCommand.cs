using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Messages;

namespace WaMcp.Admin.Messages;

/// <summary><c>admin messages show</c>.</summary>
internal sealed class ShowMessageCommand : ConsoleCommand
{
    private readonly Argument<string> message = MessageArgument.Create();
    private readonly Option<string> client = MessageArgument.CreateClient();

    public ShowMessageCommand()
        : base("show", "Show where a message is, and since when.", "admin messages show msg_01m80k9fd4e2ht0x7n1vq8cyzr --client acme-corp")
    {
        Add(message);
        Add(client);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken) => run.Report.Show(
        MessageRow.Of(await run.Get<FindMessage>().ExecuteAsync(run.Required(client), run.Required(message), cancellationToken)));
}
