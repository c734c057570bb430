using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Channels;

/// <summary><c>admin channels</c>.</summary>
internal sealed class ChannelsCommand : Command, IHasExamples
{
    public ChannelsCommand()
        : base("channels", "Places that messages go through: WhatsApp phone numbers. A channel is named by its id (chn_…), its name or its phone number id.")
    {
        Add(new AddChannelCommand());
        Add(new ListChannelsCommand());
        Add(new PaceChannelCommand());
        Add(new ResumeChannelCommand());
        Add(new RotateSecretCommand());
        Add(new ChannelFactsCommand());
    }

    public IReadOnlyList<string> Examples { get; } =
    [
        "admin channels add --name support --phone-number-id 100000000000001 --display-phone \"+1 555 010 0001\"",
        "admin channels list",
    ];
}
