using System.CommandLine;
using System.Globalization;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Channels;

namespace WaMcp.Admin.Channels;

/// <summary><c>admin channels pace</c>.</summary>
internal sealed class PaceChannelCommand : ConsoleCommand
{
    private readonly Argument<string> channel = new("channel") { Description = "The channel's id (chn_…), name or phone number id." };

    private readonly Argument<string> pace = new("messages per second") { Description = $"1 to {PaceChannel.Fastest}; a new channel has 80." };

    public PaceChannelCommand()
        : base(
            "pace",
            "Say how many messages a channel may send in a second: what the provider allows the number. It holds for all workers together, at once.",
            "admin channels pace support 1000")
    {
        Add(channel);
        Add(pace);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var text = run.Required(pace);
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var messagesPerSecond))
        {
            throw Fault.Invalid("messages-per-second", $"'{text}' is not a whole number.", "Give one like 80.");
        }

        run.Report.Show(ChannelRow.Of(await run.Get<PaceChannel>().ExecuteAsync(run.Required(channel), messagesPerSecond, cancellationToken)));
    }
}
