using System.CommandLine;
using WaMcp.Admin.CommandLine;

namespace WaMcp.Admin.Messages;

/// <summary><c>admin messages</c>.</summary>
internal sealed class MessagesCommand : Command, IHasExamples
{
    public MessagesCommand()
        : base("messages", "Where single messages are, without what they say. A message is named by its id (msg_…) and its client.")
    {
        Add(new ListMessagesCommand());
        Add(new ShowMessageCommand());
        Add(new SettleMessageCommand());
        Add(new CancelMessageCommand());
    }

    public IReadOnlyList<string> Examples { get; } =
    [
        "admin messages list --client acme-corp --state unknown",
        "admin messages show msg_01m80k9fd4e2ht0x7n1vq8cyzr --client acme-corp",
        "admin messages settle msg_01m80k9fd4e2ht0x7n1vq8cyzr --client acme-corp --sent",
    ];
}
