using System.CommandLine;
using WaMcp.Admin.Clients;

namespace WaMcp.Admin.Messages;

/// <summary>The message that a command is about.</summary>
internal static class MessageArgument
{
    public static Argument<string> Create() => new("message") { Description = "The message's id (msg_…)." };

    public static Option<string> CreateClient() => ClientArgument.CreateOption(required: true, "Whose message.");
}
