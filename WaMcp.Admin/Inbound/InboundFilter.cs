using System.CommandLine;
using WaMcp.Admin.Channels;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Inbox;

namespace WaMcp.Admin.Inbound;

/// <summary>Which deliveries a command is about.</summary>
internal sealed class InboundFilter
{
    private readonly Option<string> outcome = new("--outcome") { Description = "Only those of which this became.", HelpName = string.Join('|', DeliveryOutcome.All) };
    private readonly Option<string> channel = ChannelOption.Create("Only those that speak of this channel.", required: false);
    private readonly Option<string> since = new("--since") { Description = "Only those that came since: so long ago (24h), or a time.", HelpName = "moment" };

    private readonly Option<string> until = new("--until") { Description = "Only those that came before: so long ago, or a time.", HelpName = "moment" };

    public void AddTo(Command command)
    {
        outcome.AcceptOnlyFromAmong([.. DeliveryOutcome.All]);
        command.Add(outcome);
        command.Add(channel);
        command.Add(since);
        command.Add(until);
    }

    public ListDeliveries.Filter Read(Invocation run) => new(run.Given(outcome), run.Given(channel), run.Moment(since), run.Moment(until));
}
