using System.CommandLine;

namespace WaMcp.Admin.Channels;

/// <summary>The channel that a command is about; for WhatsApp the runbooks say <c>--phone</c>.</summary>
internal static class ChannelOption
{
    public static Option<string> Create(string description, bool required = true) =>
        new("--phone", "--channel") { Description = description, HelpName = "id|name|phone number id", Required = required };
}
