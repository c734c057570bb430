using System.CommandLine;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Endpoints;

namespace WaMcp.Admin.Endpoints;

/// <summary><c>admin endpoints add</c>.</summary>
/// <remarks>The secret goes to standard error once, in both output formats, as a key's token does.</remarks>
internal sealed class AddEndpointCommand : ConsoleCommand
{
    private readonly Option<string> client = ClientArgument.CreateOption(required: true, "Who is told.");
    private readonly Option<string> url = new("--url") { Description = "Where to post: an https address on the public internet.", HelpName = "url", Required = true };

    private readonly Option<string[]> events = new("--events")
    {
        Description = $"Which, separated by commas: {string.Join(", ", EndpointEvent.Types)}. Without it all.",
        HelpName = "type,type",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string[]> channels = new("--phone", "--channel")
    {
        Description = "Only of these channels, separated by commas. Without it of all that the client is granted at the time.",
        HelpName = "id|name|phone number id",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string> description = new("--description") { Description = "What it is for, at most 200 characters.", HelpName = "text" };

    public AddEndpointCommand()
        : base(
            "add",
            "Have a client told at an address of its own what happens. Standard output gets the endpoint; its secret is shown once, on standard error.",
            "admin endpoints add --client acme-corp --url https://acme.example/webhooks",
            "admin endpoints add --client acme-corp --url https://acme.example/webhooks --events message.received --phone support --description CRM")
    {
        Add(client);
        Add(url);
        Add(events);
        Add(channels);
        Add(description);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var order = new AddEndpoint.Order(run.Required(client), run.Required(url), run.Names(events), run.Names(channels), run.Given(description));
        var (endpoint, secret) = await run.Get<AddEndpoint>().ExecuteAsync(order, cancellationToken);
        await EndpointRows.ShowAsync(run, endpoint, secret, cancellationToken);
    }
}
