using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Messages;

namespace WaMcp.Admin.Messages;

/// <summary><c>admin messages settle</c>.</summary>
internal sealed class SettleMessageCommand : ConsoleCommand
{
    private const int MaxReason = 200;

    private readonly Argument<string> message = MessageArgument.Create();
    private readonly Option<string> client = MessageArgument.CreateClient();
    private readonly Option<bool> sent = new("--sent") { Description = "It was sent." };
    private readonly Option<bool> failed = new("--failed") { Description = "It was not sent." };

    private readonly Option<string> reason = new("--reason")
    {
        Description = $"How you know, for the client and the audit log; up to {MaxReason} characters.",
        HelpName = "text",
    };

    public SettleMessageCommand()
        : base(
            "settle",
            "Say what became of a message whose outcome nobody knows. It is never sent again; whether it was, the phone shows, or WhatsApp Manager.",
            "admin messages settle msg_01m80k9fd4e2ht0x7n1vq8cyzr --client acme-corp --sent",
            "admin messages settle msg_01m80k9fd4e2ht0x7n1vq8cyzr --client acme-corp --failed --reason \"Not on the phone.\"")
    {
        Add(message);
        Add(client);
        Add(sent);
        Add(failed);
        Add(reason);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        if (run.Given(sent) == run.Given(failed))
        {
            throw Fault.Invalid("sent", "give exactly one of --sent and --failed.");
        }

        var why = run.Given(reason);
        if (why is { Length: 0 or > MaxReason } || why?.Any(char.IsControl) == true)
        {
            throw Fault.Invalid("reason", $"must be 1 to {MaxReason} characters on one line.");
        }

        run.Report.Show(MessageRow.Of(await run.Get<SettleMessage>().ExecuteAsync(
            run.Required(client), run.Required(message), run.Given(sent), why, cancellationToken)));
    }
}
