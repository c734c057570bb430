using System.CommandLine;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Data;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Grants;

/// <summary><c>admin grants list</c>.</summary>
internal sealed class ListGrantsCommand : ConsoleCommand
{
    private readonly Option<string> client = ClientArgument.CreateOption(required: false, "Only this client's.");

    public ListGrantsCommand()
        : base(
            "list",
            "List the grants, revoked and replaced ones too, by client and age.",
            "admin grants list --client acme-corp",
            "admin grants list --output json | jq '.[] | select(.state == \"active\")'") => Add(client);

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var of = run.Given(client) is { } named ? await run.Get<FindClient>().ExecuteAsync(named, cancellationToken) : null;
        run.Report.Show(await GrantRows.ReadAsync(run.Get<WaMcpDbContext>(), of?.Id, cancellationToken));
    }
}
