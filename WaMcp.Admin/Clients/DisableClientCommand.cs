using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Clients;

/// <summary><c>admin clients disable</c>.</summary>
internal sealed class DisableClientCommand : ConsoleCommand
{
    private readonly Argument<string> client = ClientArgument.Create();

    public DisableClientCommand()
        : base("disable", "Block a client: every one of its keys is refused from the next request on. Nothing is deleted.", "admin clients disable acme-corp")
    {
        Add(client);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var changed = await run.Get<EnableClient>().ExecuteAsync(run.Required(client), enabled: false, cancellationToken);
        run.Report.Note($"{changed.Slug} is disabled: its keys are refused from now on, and what is queued is not sent.");
        run.Report.Show(ClientRow.Of(changed));
    }
}
