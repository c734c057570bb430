using System.CommandLine;
using WaMcp.Admin.Channels;
using WaMcp.Admin.Clients;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain.Contacts;

namespace WaMcp.Admin.Contacts;

/// <summary><c>admin contacts erase</c>.</summary>
internal sealed class EraseContactCommand : ConsoleCommand
{
    private readonly Argument<string> contact = new("contact")
    {
        Description = "The contact's id (con_…); with --channel also the provider's id for the person, or the phone number.",
    };

    private readonly Option<string> client = ClientArgument.CreateOption(required: true, "Whose contact. Other clients keep what they have of the person.");

    private readonly Option<string> channel = ChannelOption.Create("Over which channel the person is known, when it is not named by the contact's id.", required: false);

    private readonly Option<bool> yes = new("--yes")
    {
        Description = "Do not ask.",
    };

    public EraseContactCommand()
        : base(
            "erase",
            "Erase what a client has of one person: name, number and id, what every message to and from them says, and the raw deliveries that name "
            + "them. What is queued for them is not sent. Ids, states and times stay, and so does the audit log, which holds no content. Asks first.",
            "admin contacts erase con_01m80jsvaqf8ytf10fccgkmr6d --client acme-corp",
            "admin contacts erase \"+1 555 010 0100\" --client acme-corp --channel support --yes")
    {
        Add(contact);
        Add(client);
        Add(channel);
        Add(yes);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var erase = run.Get<EraseContact>();
        var found = await erase.FindAsync(run.Required(client), run.Required(contact), run.Given(channel), cancellationToken);
        if (!run.Given(yes))
        {
            run.Confirm($"This erases {found.Id} for {run.Required(client)}: who it is, and what every message says. It cannot be undone.", "erase", "contact");
        }

        var erasure = await erase.ExecuteAsync(found, cancellationToken);
        if (erasure.DeliveriesLeft > 0)
        {
            run.Report.Note(
                $"{erasure.DeliveriesLeft} deliveries that name this person are still to be recorded. What they bring will be a new contact: erase that one too.");
        }

        run.Report.Show(
            erasure,
            $"{erasure.Contact} is erased: {erasure.Messages} messages say nothing any more, {erasure.Cancelled} queued ones are not sent, "
            + $"{erasure.Deliveries} raw deliveries and {erasure.Media} files are deleted.");
    }
}
