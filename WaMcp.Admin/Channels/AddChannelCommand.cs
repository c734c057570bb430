using System.CommandLine;
using WaMcp.Admin.CommandLine;
using WaMcp.Domain;
using WaMcp.Domain.Channels;

namespace WaMcp.Admin.Channels;

/// <summary><c>admin channels add</c>.</summary>
internal sealed class AddChannelCommand : ConsoleCommand
{
    private readonly Option<string> name = new("--name")
    {
        Description = "A kebab-case name that commands, scopes and agents accept instead of the id.",
        HelpName = "slug",
        Required = true,
    };

    private readonly Option<string> phoneNumberId = new("--phone-number-id")
    {
        Description = "Meta's id of the number, from WhatsApp Manager: not the number itself.",
        HelpName = "digits",
        Required = true,
    };

    private readonly Option<string> displayPhone = new("--display-phone")
    {
        Description = "The number as people see it.",
        HelpName = "text",
        Required = true,
    };

    private readonly Option<string> wabaId = new("--waba-id")
    {
        Description = "Meta's id of the WhatsApp Business Account.",
        HelpName = "digits",
    };

    private readonly Option<string> kind = new("--kind")
    {
        Description = "The provider.",
        HelpName = "whatsapp",
        DefaultValueFactory = _ => "whatsapp",
    };

    private readonly Option<string> profile = new("--profile")
    {
        Description = "Whose Meta app: the platform's, or the organisation's own (byoa, with both files below). Without it the files decide.",
        HelpName = "platform|byoa",
    };

    private readonly Option<string> accessTokenFile = new("--access-token-file")
    {
        Description = "byoa: the file that holds the System User token, or - for standard input. It is stored encrypted.",
        HelpName = "file|-",
    };

    private readonly Option<string> appSecretFile = new("--app-secret-file")
    {
        Description = "byoa: the file that holds the app secret, or - for standard input. It is stored encrypted.",
        HelpName = "file|-",
    };

    public AddChannelCommand()
        : base(
            "add",
            "Add a WhatsApp phone number. Secrets come from files, never from the command line, where every user of the machine could read them.",
            "admin channels add --name support --phone-number-id 100000000000001 --display-phone \"+1 555 010 0001\" --waba-id 200000000000001",
            "admin channels add --name acme --phone-number-id 100000000000002 --display-phone \"+1 555 010 0002\" --profile byoa \\\n"
            + "    --access-token-file token.txt --app-secret-file secret.txt",
            "age -d token.age | admin channels add … --profile byoa --access-token-file - --app-secret-file secret.txt")
    {
        kind.AcceptOnlyFromAmong("whatsapp");
        profile.AcceptOnlyFromAmong("platform", "byoa");
        Add(name);
        Add(phoneNumberId);
        Add(displayPhone);
        Add(wabaId);
        Add(kind);
        Add(profile);
        Add(accessTokenFile);
        Add(appSecretFile);
    }

    public override async Task ExecuteAsync(Invocation run, CancellationToken cancellationToken)
    {
        var (accessToken, appSecret) = await CredentialsAsync(run, cancellationToken);
        var channel = await run.Get<AddChannel>().ExecuteAsync(
            new AddChannel.WhatsAppNumber(
                run.Required(name), run.Required(phoneNumberId), run.Given(wabaId), run.Required(displayPhone), accessToken, appSecret),
            cancellationToken);
        run.Report.Show(ChannelRow.Of(channel));
    }

    private async Task<(string? AccessToken, string? AppSecret)> CredentialsAsync(Invocation run, CancellationToken cancellationToken)
    {
        var tokenFrom = run.Given(accessTokenFile);
        var secretFrom = run.Given(appSecretFile);
        switch (run.Given(profile), tokenFrom, secretFrom)
        {
            case ("platform" or null, null, null):
                return (null, null);
            case ("platform", _, _):
                throw Fault.Invalid("profile", "a platform channel uses the platform's credentials.", "Leave the files out, or say --profile byoa.");
            case (_, null, _):
                throw Fault.Invalid("access-token-file", "missing: a byoa channel needs its own access token.", "Name a file, or - for standard input.");
            case (_, _, null):
                throw Fault.Invalid("app-secret-file", "missing: a byoa channel needs its own app secret.", "Name a file, or - for standard input.");
            case (_, CredentialFile.StandardInput, CredentialFile.StandardInput):
                throw Fault.Invalid("app-secret-file", "only one of the two can come from standard input.", "Put the other one into a file.");
            default:
                return (
                    await CredentialFile.ReadAsync("access-token-file", tokenFrom, cancellationToken),
                    await CredentialFile.ReadAsync("app-secret-file", secretFrom, cancellationToken));
        }
    }
}
