using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Tenancy;

namespace WaMcp.Admin.Clients;

/// <summary><c>admin clients create</c>.</summary>
internal sealed class CreateClientCommand : ConsoleCommand
{
    private readonly Option<string> name = new("--name")
    {
        Description = "The slug: kebab-case, 2 to 63 characters; commands accept it instead of the id.",
        HelpName = "slug",
        Required = true,
    };

    private readonly Option<string> displayName = new("--display-name")
    {
        Description = "What people call the client, 1 to 200 characters.",
        HelpName = "text",
        Required = true,
    };

    private readonly Option<bool> owner = new("--owner")
    {
        Description = "Make it the operator's own client. There is at most one; only its keys may hold wildcard scopes.",
    };

    public CreateClientCommand()
        : base(
            "create",
            "Create a client. It can do nothing until it has a grant and a key.",
            "admin clients create --name acme-corp --display-name \"Acme Corp\"",
            "admin clients create --name local-owner --display-name \"Us\" --owner",
            "id=$(admin clients create --name acme-corp --display-name \"Acme Corp\" --output json | jq -r .id)")
    {
        Add(name);
        Add(displayName);
        Add(owner);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var client = await run.Get<CreateClient>().ExecuteAsync(
            run.Required(name), run.Required(displayName), run.Given(owner), cancellationToken);
        run.Report.Show(ClientRow.Of(client));
    }
}
