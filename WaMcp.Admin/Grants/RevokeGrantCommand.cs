using System.CommandLine;
using WaMcp.Admin.Channels;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Access;
using WaMcp.Domain.Data;

namespace WaMcp.Admin.Grants;

/// <summary><c>admin grants revoke</c>.</summary>
internal sealed class RevokeGrantCommand : ConsoleCommand
{
    private readonly Option<string> client = ClientArgument.CreateOption(required: true, "Whose grant.");
    private readonly Option<string> channel = ChannelOption.Create("On which channel.");

    public RevokeGrantCommand()
        : base(
            "revoke",
            "Take a client's grant on a channel back, from the next request on.",
            "admin grants revoke --client acme-corp --phone support")
    {
        Add(client);
        Add(channel);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var grant = await run.Get<RevokeGrant>().ExecuteAsync(run.Required(client), run.Required(channel), cancellationToken);
        var row = await GrantRows.OfAsync(run.Get<WaMcpDbContext>(), grant, cancellationToken);
        run.Report.Note($"{row.Client} may no longer use {row.Channel}, and what is queued there is not sent.");
        run.Report.Show(row);
    }
}
