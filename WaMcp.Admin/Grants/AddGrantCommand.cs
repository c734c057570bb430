using System.CommandLine;
using WaMcp.Admin.Channels;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Access;
using WaMcp.Domain.Data;

namespace WaMcp.Admin.Grants;

/// <summary><c>admin grants add</c>.</summary>
internal sealed class AddGrantCommand : ConsoleCommand
{
    private readonly Option<string> client = ClientArgument.CreateOption(required: true, "Who may.");
    private readonly Option<string> channel = ChannelOption.Create("On which channel.");

    private readonly Option<string[]> tools = new("--tools")
    {
        Description = $"Which tools, separated by commas: {string.Join(", ", ToolNames.All)}.",
        HelpName = "tool,tool",
        Required = true,
    };

    private readonly Option<string> dailyCap = new("--daily-cap")
    {
        Description = "How many messages the client may send over the channel in 24 hours; without it there is no cap.",
        HelpName = "N",
    };

    public AddGrantCommand()
        : base(
            "add",
            "Give a client tools on a channel. A grant that the client holds there already is replaced.",
            "admin grants add --client acme-corp --phone support --tools send_message,get_messages --daily-cap 500",
            "admin grants add --client acme-corp --phone 100000000000001 --tools ping,list_channels,send_message")
    {
        Add(client);
        Add(channel);
        Add(tools);
        Add(dailyCap);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var cap = run.Number(dailyCap, "500");
        var grant = await run.Get<AddGrant>().ExecuteAsync(
            run.Required(client), run.Required(channel), run.Names(tools), cap, cancellationToken);
        run.Report.Show(await GrantRows.OfAsync(run.Get<WaMcpDbContext>(), grant, cancellationToken));
    }
}
