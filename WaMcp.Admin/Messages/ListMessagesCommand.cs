using System.CommandLine;
using WaMcp.Admin.Channels;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Messages;

namespace WaMcp.Admin.Messages;

/// <summary><c>admin messages list</c>.</summary>
internal sealed class ListMessagesCommand : ConsoleCommand
{
    private const int Usual = 100;
    private const int Most = 10_000;

    private readonly Option<string> client = ClientArgument.CreateOption(required: true, "Whose messages.");
    private readonly Option<string> state = new("--state") { Description = "Only those in this state.", HelpName = "state" };
    private readonly Option<string> channel = ChannelOption.Create("Only those over this channel.", required: false);
    private readonly Option<string> limit = new("--limit") { Description = $"Only the newest so many; {Usual} unless told.", HelpName = "N" };

    public ListMessagesCommand()
        : base(
            "list",
            "List a client's messages, newest first, without what they say.",
            "admin messages list --client acme-corp --state unknown",
            "admin messages list --client acme-corp --phone support --limit 20")
    {
        state.AcceptOnlyFromAmong([.. Enum.GetNames<MessageState>().Select(name => name.ToLowerInvariant())]);
        Add(client);
        Add(state);
        Add(channel);
        Add(limit);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var most = run.Number(limit, $"{Usual}") ?? Usual;
        if (most is < 1 or > Most)
        {
            throw Fault.Invalid("limit", $"must be 1 to {Most}.");
        }

        var only = run.Given(state) is { } name ? Enum.Parse<MessageState>(name, ignoreCase: true) : (MessageState?)null;
        var found = await run.Get<ListMessages>().ExecuteAsync(run.Required(client), only, run.Given(channel), most, cancellationToken);
        run.Report.Show(found.Select(MessageRow.Of).ToArray());
    }
}
