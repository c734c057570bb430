using System.CommandLine;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Keys;

/// <summary><c>admin keys list</c>.</summary>
internal sealed class ListKeysCommand : ConsoleCommand
{
    private readonly Option<string> client = ClientArgument.CreateOption(required: false, "Only this client's.");

    public ListKeysCommand()
        : base(
            "list",
            "List the keys, expired and revoked ones too, by client and age.",
            "admin keys list --client acme-corp",
            "admin keys list --output json | jq -r '.[] | select(.state == \"active\") | .prefix'") => Add(client);

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var of = run.Given(client) is { } named ? await run.Get<FindClient>().ExecuteAsync(named, cancellationToken) : null;
        run.Report.Show(await KeyRows.ReadAsync(run, of?.Id, cancellationToken));
    }
}
