using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Clients;

/// <summary><c>admin clients enable</c>.</summary>
internal sealed class EnableClientCommand : ConsoleCommand
{
    private readonly Argument<string> client = ClientArgument.Create();

    public EnableClientCommand()
        : base("enable", "Let a disabled client in again: its keys and grants are as they were.", "admin clients enable acme-corp")
    {
        Add(client);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var changed = await run.Get<EnableClient>().ExecuteAsync(run.Required(client), enabled: true, cancellationToken);
        run.Report.Show(ClientRow.Of(changed));
    }
}
